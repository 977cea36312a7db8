"""Key points -> windows -> classifier -> a tracked run: `python train.py --help`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import datamodules.limits
import lightning_modules.limits
import pose.limits
from lightning_modules.errors import DivergenceError, FitError
from lightning_modules.limits import is_baseline
from pose.errors import DataError
from sweeps.config.limits import Limits
from sweeps.config.unused_keys import ComposedJob, check_unused
from sweeps.entrypoint import door
from sweeps.errors import ConfigError

if TYPE_CHECKING:
    import torch
    from omegaconf import DictConfig
    from pandas import DataFrame
    from pytorch_lightning import Trainer

    from datamodules.keypoints import KeypointDataModule
    from lightning_modules.baseline_classifier import BaselineClassifier
    from lightning_modules.checkpoints import EpochCheckpoint, EpochRow
    from lightning_modules.classifier import ActionClassifier, TestResult
    from lightning_modules.normalizers import Normalizer
    from sweeps.tracking.run import TrackedRun

LIMITS = Limits({"datamodule": datamodules.limits, "": lightning_modules.limits, "pose": pose.limits})
# Of the data module: what windows look like or how they are fetched, not which there are in validation and test.
_NOT_DIVIDED_BY = (
    *("normalize", "scores", "velocity", "train_fraction"),
    *("batch_size", "loader", "num_workers", "num_threads"),
)
_at_start: dict[str, int] = {}  # what was found before the first job of this process
_digests: dict[str, str] = {}  # of the data that was read in this process, by how it is divided
_ALARMING = 0.95  # accuracy whose first epoch is tracked as epochs_to_95


def check_data(cfgs: Sequence[DictConfig]) -> list[str | None]:
    """Reads and divides the data of every job once, so that what is wrong with it shows before the first job.

    Returns:
        Why each job cannot be run; None where it can.

    Raises:
        DataError: some job's data cannot be used as asked, and is not to be left out for it.
    """
    faults: dict[str, str | None] = {}
    keys = ["" if cfg.from_run or cfg.resume else _divided_as(cfg) for cfg in cfgs]
    for key, cfg in dict(zip(keys, cfgs, strict=True)).items():
        try:
            if key:
                _digests[key] = make_data(cfg).digest
        except DataError as error:
            if not cfg.sweep.skip_impossible:
                raise
            faults[key] = LIMITS.in_keys(str(error))
    return [faults.get(key) for key in keys]


def _divided_as(cfg: DictConfig) -> str:
    """What two jobs must have alike for their data to be divided alike."""
    return repr({key: value for key, value in cfg.datamodule.items() if key not in _NOT_DIVIDED_BY})


def digest_of(cfg: DictConfig) -> str:
    """Digest of the key points and labels that a job is about; "" where the job only names another run."""
    if cfg.from_run or cfg.resume:
        return ""
    key = _divided_as(cfg)
    if key not in _digests:
        _digests[key] = make_data(cfg).digest
    return _digests[key]


@door("train", limits=LIMITS, check=check_data, told=(DataError, DivergenceError, FitError), digest_of=digest_of)
def main(cfg: DictConfig) -> dict[str, float]:
    """One job."""
    from hydra.core.hydra_config import HydraConfig

    return train(cfg, list(HydraConfig.get().overrides.task))


def train(cfg: DictConfig, overrides: Sequence[str] = ()) -> dict[str, float]:
    """Trains, tests and tracks what the configuration says.

    Args:
        cfg: composed from `conf/train.yaml`.
        overrides: what was typed, kept with the run.

    Returns:
        The test metrics by name.
    """
    from lightning_modules.ranks import run_ranks
    from sweeps.results.table import print_run_summary
    from sweeps.tracking.recovery import mark_dead_runs
    from sweeps.tracking.run import tracked_run
    from sweeps.tracking.store import open_store

    resume_id = cfg.resume or cfg.sweep.run_id
    cfg = _stored(cfg, overrides)
    set_up_machine(cfg)
    data = make_data(cfg)  # before anything is written, so that a mistake leaves nothing behind
    store = open_store(cfg.tracking, cfg.output_dir, wait=cfg.sweep.parent_run_id is not None)
    mark_dead_runs(store)
    about = {"overrides": overrides, "data_digest": data.digest, "resume_id": resume_id}
    with tracked_run(cfg, store, limits=LIMITS, **about) as run:
        _describe(data, run)
        if is_baseline(cfg.model._target_):
            values = fit_and_test_baseline(cfg, data, run)
        elif _world_size(cfg) > 1:
            values = run_ranks(_train_rank, (cfg, run.run_id, resume_id), _world_size(cfg))
        else:
            values = fit_and_test(cfg, data, run, resume_id is not None)
    print_run_summary(values, run.run_id, store.uri)
    return values


def _stored(cfg: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """The configuration of the run to repeat or to go on with, where there is one."""
    from sweeps.tracking.recovery import mark_dead_runs
    from sweeps.tracking.rerun import repeat_config, resume_config
    from sweeps.tracking.store import open_store, store_exists

    if not (cfg.resume or cfg.from_run):
        return cfg
    if not store_exists(cfg.tracking):
        key = "resume" if cfg.resume else "from_run"
        raise ConfigError(
            f"{key}={cfg[key]}: there is no store at {cfg.tracking.uri} yet; type tracking.uri=WHERE_IT_IS"
        )
    store = open_store(cfg.tracking, cfg.output_dir)
    mark_dead_runs(store)
    stored = resume_config(cfg, store, overrides) if cfg.resume else repeat_config(cfg, store, overrides)
    if not any(line.startswith("model=") for line in overrides):  # else it was checked with all jobs of the command
        check_unused([ComposedJob(stored, list(overrides))], LIMITS)
    return stored


def set_up_machine(cfg: DictConfig) -> None:
    """Threads and memory as configured and as they measure fastest.

    Raises:
        ConfigError: there is no such machine.
    """
    import torch

    from lightning_modules.machine import cpu_supports, keep_freed_memory

    keep_freed_memory()
    # trainer.deterministic would also fill every new tensor, an LSTM's work space at every step: that is for finding
    # reads of unset memory, and changes no result.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # set by its class
    # Also back to what it was before the first job: the next one of a sweep may be in the same process.
    torch.set_num_threads(cfg.num_threads or _threads_at_start())
    on_gpu = torch.cuda.is_available() and cfg.trainer.accelerator != "cpu"
    if cfg.trainer.accelerator in ("gpu", "cuda") and not on_gpu:
        raise ConfigError(f"trainer.accelerator={cfg.trainer.accelerator}: no GPU is found here; type trainer=cpu")
    if not on_gpu and not cpu_supports(str(cfg.trainer.precision)):
        raise ConfigError(
            f"trainer.precision={cfg.trainer.precision}: this CPU cannot train LSTMs so; type trainer.precision=32-true"
        )


def _threads_at_start() -> int:
    import torch

    # A plain dict: launchers that send this script's functions to other processes by value cannot send a cache.
    return _at_start.setdefault("threads", torch.get_num_threads())


def _world_size(cfg: DictConfig) -> int:
    return int(cfg.trainer.devices) if str(cfg.trainer.strategy).startswith("ddp") else 1


def make_data(cfg: DictConfig) -> KeypointDataModule:
    """The configured data, read and divided.

    Raises:
        DataError: it cannot be used as asked.
        ConfigError: something else that is configured does not fit it.
    """
    from hydra.utils import instantiate

    data: KeypointDataModule = instantiate(
        cfg.datamodule, order_seed=cfg.seed, test_curve=cfg.test_curve, _convert_="all"
    )
    data.setup()
    weights, num_classes = cfg.loss.class_weights, len(data.class_names)
    if weights not in (None, "balanced") and len(weights) != num_classes:
        raise ConfigError(
            f"loss.class_weights={list(weights)}: the data has {num_classes} classes; give one number each"
        )
    return data


def make_fitted_normalizer(data: KeypointDataModule) -> Normalizer:
    """What turns key points into features, fitted on the training part."""
    from lightning_modules.normalizers import make_normalizer

    trunk = data.skeleton.find("left_shoulder", "right_shoulder", "left_hip", "right_hip")
    sizes = (data.skeleton.num_joints, data.num_coordinates, data.num_channels)
    normalizer = make_normalizer(data.normalize, *sizes, trunk, data.velocity)
    normalizer.fit(data.train_frames(), (batch.keypoints for batch in data.batches("train")))
    return normalizer


def make_classifier(cfg: DictConfig, data: KeypointDataModule) -> ActionClassifier:
    """The configured network, its normaliser, and how it is trained."""
    from hydra.utils import instantiate

    from lightning_modules.classifier import ActionClassifier

    normalizer = make_fitted_normalizer(data)
    return ActionClassifier(
        normalizer=normalizer,
        network=instantiate(cfg.model, input_size=normalizer.num_features, num_classes=len(data.class_names)),
        class_names=data.class_names,
        optimizer=instantiate(cfg.optimizer, _partial_=True, _convert_="all"),
        scheduler=instantiate(cfg.scheduler, _partial_=True) if cfg.scheduler.get("_target_") else None,
        class_weights=_class_weights(cfg, data),
        label_smoothing=cfg.loss.label_smoothing,
        abnormal_classes=data.abnormal_classes,
        curve_parts=data.curve_parts,
    )


def _class_weights(cfg: DictConfig, data: KeypointDataModule) -> torch.Tensor | None:
    import torch

    weights = cfg.loss.class_weights
    if weights is None:
        return None
    if weights == "balanced":
        counts = data.train_counts()
        return counts.sum() / (len(counts) * counts.clamp(min=1))
    return torch.tensor(list(weights), dtype=torch.float32)


def make_trainer(cfg: DictConfig, checkpoint: EpochCheckpoint, title: str) -> Trainer:
    """The configured Lightning Trainer. Tracking and checkpoints are ours, so what Lightning would write is off."""
    from hydra.utils import instantiate
    from lightning_fabric.plugins.environments.lightning import LightningEnvironment

    from lightning_modules.checkpoints import AtomicCheckpointIO
    from lightning_modules.lean_loop import LeanEpochLoop
    from lightning_modules.lightning_output import NoProfiler, hush_lightning
    from lightning_modules.progress import RunProgress
    from lightning_modules.stopwatch import Stopwatch
    from sweeps.runtime import progress

    hush_lightning()
    shown = RunProgress(title, progress.report if progress.has_listener() else None)
    trainer: Trainer = instantiate(
        cfg.trainer,
        callbacks=[checkpoint, Stopwatch(), *([shown] if cfg.progress else [])],
        # Ranks are started by lightning_modules.ranks on every machine: within a Slurm job Lightning would take srun's
        # for them, and have the job queued again itself.
        plugins=[AtomicCheckpointIO(), LightningEnvironment()],
        default_root_dir=str(checkpoint.folder),
        profiler=NoProfiler(),
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,  # our loaders share the windows out themselves
    )
    LeanEpochLoop.install(trainer)
    return trainer


def fit_and_test(cfg: DictConfig, data: KeypointDataModule, run: TrackedRun, resumed: bool) -> dict[str, float]:
    """Trains, tests the chosen epoch once, and keeps results and model with the run.

    Args:
        cfg: the job's configuration.
        data: set up.
        run: where everything goes.
        resumed: go on from the run's last checkpoint.

    Returns:
        The test metrics by name.
    """
    from pytorch_lightning import seed_everything

    from lightning_modules.checkpoints import LAST, EpochCheckpoint, epochs_to
    from lightning_modules.stopwatch import speeds
    from sweeps.tracking.run import EpochMetrics

    seed_everything(cfg.seed, workers=True, verbose=False)
    classifier = make_classifier(cfg, data)
    report = _reporter(run, resumed)
    monitor = cfg.selection.monitor if data.has_validation else None
    checkpoint = EpochCheckpoint(run.folder, report, monitor, cfg.selection.mode, _judge(cfg))
    trainer = make_trainer(cfg, checkpoint, run.name)
    trainer.fit(classifier, datamodule=data, ckpt_path=str(run.folder / LAST) if resumed else None)
    if trainer.is_global_zero:
        report(checkpoint.rows)  # a kill may have come between the last checkpoint and its report
    if checkpoint.stopped:
        if trainer.is_global_zero:
            _keep_pruned(run, checkpoint)
        return {}
    trainer.test(classifier, datamodule=data, ckpt_path=str(checkpoint.chosen), verbose=False)
    values = {name: value.item() for name, value in trainer.callback_metrics.items() if name.startswith("test/")}
    reached = epochs_to(checkpoint.rows, _ALARMING)
    values |= {"epochs_to_95": float(reached)} if reached is not None else {}
    values |= {f"best/{monitor}": checkpoint.best_value} if checkpoint.best_value is not None else {}
    values |= speeds(trainer, len(data.parts.windows["test"]))
    if trainer.is_global_zero:
        last_time = checkpoint.rows[-1]["time_ms"]
        run.log_epochs([EpochMetrics(checkpoint.chosen_epoch, last_time, values)])
        _keep_results(cfg, data, run, classifier, checkpoint)
    return values


def fit_and_test_baseline(cfg: DictConfig, data: KeypointDataModule, run: TrackedRun) -> dict[str, float]:
    """The same for a model of scikit-learn, which is fitted once: no epochs, nothing to select, no checkpoint.

    Returns:
        The test metrics by name.
    """
    import time

    import torch
    from hydra.utils import instantiate

    from lightning_modules.baseline_classifier import BaselineClassifier
    from sweeps.tracking.run import EpochMetrics

    settings = {"num_classes": len(data.class_names), "seed": cfg.seed, "num_threads": torch.get_num_threads()}
    classifier = BaselineClassifier(
        make_fitted_normalizer(data),
        instantiate(cfg.model, **settings),
        data.class_names,
        _class_weights(cfg, data),
        data.abnormal_classes,
    )
    classifier.fit(data.batches("train"))
    parts = [part for part in ("train", "val", "test") if len(data.parts.windows[part])]
    values: dict[str, float] = {}
    for part in parts:  # test last: its speed is the one that counts
        values |= classifier.evaluate(part, data.batches(part))
    monitor = cfg.selection.monitor
    values |= {f"best/{monitor}": values[monitor]} if monitor in values else {}
    values |= {"fit_seconds": classifier.fit_seconds, "predict_windows_per_s": classifier.predict_windows_per_s}
    run.log_epochs([EpochMetrics(1, int(time.time() * 1000), values)])
    _keep_results(cfg, data, run, classifier)
    return {name: value for name, value in values.items() if not name.startswith(("train/", "val/"))}


def _train_rank(cfg: DictConfig, run_id: str, resume_id: str | None) -> dict[str, float]:
    """What each process of `trainer=ddp` does; the run is open in the process that started it."""
    from sweeps.tracking.run import TrackedRun
    from sweeps.tracking.store import open_store

    set_up_machine(cfg)
    run = TrackedRun.attach(open_store(cfg.tracking, cfg.output_dir, wait=True), run_id)
    return fit_and_test(cfg, make_data(cfg), run, resume_id is not None)


def _reporter(run: TrackedRun, resumed: bool) -> Callable[[list[EpochRow]], None]:
    """Sends the epochs that were not sent yet; after a resume first looks up which those are."""
    from sweeps.tracking.run import EpochMetrics

    send = [run.reconcile if resumed else run.log_epochs]

    def report(rows: list[EpochRow]) -> None:
        send[0]([EpochMetrics(**row) for row in rows])
        send[0] = run.log_epochs

    return report


def _judge(cfg: DictConfig) -> Callable[[list[EpochRow]], bool] | None:
    """What says of a job of a search, after each epoch, that it has no prospects; None where there is no search."""
    from sweeps.search.pruning import Judge, Membership

    membership = Membership.of(cfg)
    return None if membership is None else Judge(membership).stops


def _keep_pruned(run: TrackedRun, checkpoint: EpochCheckpoint) -> None:
    """Of a run that a search ended early: its curves, and that it is one. The test part has not been looked at."""
    from sweeps.runtime import progress
    from sweeps.tracking.figures import curves_figure
    from sweeps.tracking.run import EpochMetrics
    from sweeps.tracking.sweep_runs import PRUNED, PRUNED_EPOCH

    epoch = len(checkpoint.rows)
    run.log_figure(curves_figure([EpochMetrics(**row) for row in checkpoint.rows]), "curves.png")
    run.set_tags({PRUNED: "true", PRUNED_EPOCH: str(epoch)})
    progress.report(epoch, epoch, f"pruned after epoch {epoch}")
    print(f"pruned after epoch {epoch}: the study gives it no prospects")


def _describe(data: KeypointDataModule, run: TrackedRun) -> None:
    """Keeps with the run which data it is about, and says it."""
    counts = data.summary()
    source = str(getattr(data, "path", "pose.simulator"))
    for part in ("train", "val", "test"):
        windows = counts[f"windows_{part}"]
        if windows:
            profile = {"windows": windows, "clips": counts[f"clips_{part}"], "class_names": list(data.class_names)}
            run.log_dataset(type(data).__name__, data.part_digest(part), part, profile, source)
    run.set_tags({f"data.{name}": str(count) for name, count in counts.items()})
    print(
        f"{counts['frames']:,} frames; windows: {counts['windows_train']:,} train, {counts['windows_val']:,} val, "
        f"{counts['windows_test']:,} test; {counts['clips_padded']} clips padded, "
        f"{counts['joints_interpolated']:,} joints interpolated, {counts['frames_in_no_window']:,} frames in no window"
        + (f", {counts['windows_left_out']:,} training windows left out" if counts["windows_left_out"] else "")
        + (f", {counts['tracks_left_out']:,} tracks of people left out" if counts.get("tracks_left_out") else "")
    )


def _keep_results(
    cfg: DictConfig,
    data: KeypointDataModule,
    run: TrackedRun,
    classifier: ActionClassifier | BaselineClassifier,
    checkpoint: EpochCheckpoint | None = None,
) -> None:
    """Figures, tables, checkpoints and the model that was tested."""
    from lightning_modules.checkpoints import BEST, LAST
    from lightning_modules.classifier import ActionClassifier
    from sweeps.tracking.figures import confusion_matrix_figure, curves_figure, per_class_rows
    from sweeps.tracking.predictions import PREDICTIONS_FILE
    from sweeps.tracking.run import EpochMetrics

    result = classifier.test_result
    assert result is not None
    confusion = result.confusion.numpy()
    run.log_figure(confusion_matrix_figure(confusion, data.class_names), "confusion_matrix.png")
    run.log_table(per_class_rows(confusion, data.class_names), "per_class.csv")
    run.log_frame(_predictions(data, result), PREDICTIONS_FILE)
    if checkpoint is not None:
        run.log_figure(curves_figure([EpochMetrics(**row) for row in checkpoint.rows]), "curves.png")
        for name in (LAST, BEST):
            if (checkpoint.folder / name).exists():
                run.log_file(checkpoint.folder / name, "checkpoints")
    if cfg.tracking.log_model != "never":
        _log_model(data, run, classifier, "model")
    if cfg.tracking.log_model == "always" and checkpoint is not None and checkpoint.chosen.name != LAST:
        assert isinstance(classifier, ActionClassifier)
        last = classifier.trainer.strategy.checkpoint_io.load_checkpoint(checkpoint.folder / LAST)
        classifier.load_state_dict(last["state_dict"])
        _log_model(data, run, classifier, "model_last_epoch")


def _predictions(data: KeypointDataModule, result: TestResult) -> DataFrame:
    from sweeps.tracking.predictions import prediction_frame

    names = [data.clip_names[index] for index in result.clip.tolist()]
    return prediction_frame(
        [name.recording for name in names],
        [name.id for name in names],
        result.target.numpy(),
        result.probabilities.numpy(),
        data.class_names,
    )


def _log_model(
    data: KeypointDataModule, run: TrackedRun, classifier: ActionClassifier | BaselineClassifier, name: str
) -> None:
    import torch

    from lightning_modules.recognizer import Recognizer

    model = Recognizer(classifier.normalizer, classifier.network, data.scores).cpu().eval()
    shape = (2, data.sequence_length, data.skeleton.num_joints)
    example = (torch.zeros(*shape, data.num_coordinates), torch.ones(shape))
    metadata = {
        "class_names": list(data.class_names),
        "abnormal_classes": list(data.abnormal_classes),
        "skeleton": data.skeleton.name,
        "fps": data.fps,
        "sequence_length": data.sequence_length,
        "coordinates": data.num_coordinates,
    }
    run.log_model(model, example, metadata, name)


if __name__ == "__main__":
    main()
