"""Key points -> windows -> classifier -> a tracked run: `python train.py --help`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hydra.utils import instantiate

import datamodules.limits
import lightning_modules.limits
import pose.limits
from lightning_modules.class_weights import check_class_weights
from lightning_modules.errors import DeviceError, DivergenceError, FitError
from lightning_modules.limits import is_baseline
from lightning_modules.machine import configured_machine
from pose.errors import DataError
from sweeps.config.limits import Limits
from sweeps.entrypoint import entrypoint
from sweeps.job_data import JobData
from sweeps.runtime.job_context import JobContext

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from datamodules.keypoints import KeypointDataModule
    from lightning_modules.result import FitResult
    from sweeps.tracking.run import TrackedRun

Fitted = tuple[dict[str, float], dict[str, Any]]  # metrics; data, run and, from this process, classifier and trainer


def make_data(cfg: DictConfig) -> KeypointDataModule:
    """Read, divide and window the data that `cfg.datamodule` names."""
    of_the_root = {"order_seed": cfg.seed, "test_curve": cfg.test_curve}
    data: KeypointDataModule = instantiate(cfg.datamodule, **of_the_root, _convert_="all")
    data.setup()
    check_class_weights(cfg.loss.class_weights, len(data.class_names))
    return data


LIMITS = Limits({"datamodule": datamodules.limits, "": lightning_modules.limits, "pose": pose.limits})
ALONE = JobContext(limits=LIMITS)  # a job of its own
JOB_DATA = JobData(make_data, (DataError,), ("datamodule", "loss.class_weights"), datamodules.limits.NOT_DIVIDED_BY)


@entrypoint("train", limits=LIMITS, data=JOB_DATA, expected_errors=(DataError, DeviceError, DivergenceError, FitError))
def main(cfg: DictConfig, job: JobContext) -> dict[str, float]:
    """Do one job of the command line."""
    return train(cfg, job)[0]


def train(cfg: DictConfig, job: JobContext = ALONE) -> Fitted:
    """Train, test and track what `conf/train.yaml` composes to; return the test metrics, and what made them."""
    from datamodules.description import describe
    from sweeps.results.table import print_run_summary
    from sweeps.tracking.rerun import stored_config
    from sweeps.tracking.results import log_data
    from sweeps.tracking.run import tracked_run

    cfg, store = stored_config(cfg, job)  # from_run= and resume= take another run's configuration
    with configured_machine(cfg.trainer.accelerator, str(cfg.trainer.precision), cfg.num_threads):
        data = make_data(cfg)  # before anything is written, so that a mistake leaves nothing behind
        with tracked_run(cfg, job, data.digest, store) as run:
            log_data(run, describe(data))
            processes = int(cfg.trainer.devices) if str(cfg.trainer.strategy).startswith("ddp") else 1
            metrics, objects = fit(cfg, job, data, run, 1 if is_baseline(cfg.model._target_) else processes)
    print_run_summary(metrics, run.run_id, run.uri)
    return metrics, {"data": data, "run": run, **objects}


def fit(cfg: DictConfig, job: JobContext, data: KeypointDataModule, run: TrackedRun, processes: int) -> Fitted:
    """Fit the configured model in so many processes, test it once, and keep with the run what it came to."""
    from lightning_modules.ranks import run_ranks
    from sweeps.tracking.results import log_result

    if processes > 1:
        return run_ranks(fit_rank, (cfg, job.without_listener(), run.run_id, run.resumed), processes), {}
    result = fit_baseline(cfg, data) if is_baseline(cfg.model._target_) else fit_network(cfg, job, data, run)
    if result.trainer is None or result.trainer.is_global_zero:
        log_result(run, job, result, cfg.tracking.log_model)
    return result.metrics, {"classifier": result.classifier, "trainer": result.trainer}


def fit_rank(cfg: DictConfig, job: JobContext, run_id: str, resumed: bool) -> dict[str, float]:
    """Do what each process of `trainer=ddp` does; the run is open in the process that started it."""
    from sweeps.tracking.run import TrackedRun

    with configured_machine(cfg.trainer.accelerator, str(cfg.trainer.precision), cfg.num_threads):
        return fit(cfg, job, make_data(cfg), TrackedRun.attach(cfg, run_id, resumed), processes=1)[0]


def fit_network(cfg: DictConfig, job: JobContext, data: KeypointDataModule, run: TrackedRun) -> FitResult:
    """Train a network epoch by epoch, and test the epoch that validation chose."""
    from pytorch_lightning import seed_everything

    from lightning_modules import engine
    from lightning_modules.checkpoints import EpochCheckpoint
    from sweeps.search.pruning import pruner_of

    seed_everything(cfg.seed, workers=True, verbose=False)
    network, trainer = instantiate(cfg.model, _partial_=True), instantiate(cfg.trainer, _partial_=True)
    optimizer = instantiate(cfg.optimizer, _partial_=True, _convert_="all")
    scheduler = instantiate(cfg.scheduler, _partial_=True) if cfg.scheduler.get("_target_") else None
    classifier = engine.make_classifier(data, network, optimizer, scheduler, **cfg.loss)
    monitor = cfg.selection.monitor if data.has_validation else None
    checkpoint = EpochCheckpoint(run.folder, run.log_epochs, monitor, cfg.selection.mode, pruner_of(job))
    trainer = engine.make_trainer(trainer, checkpoint, run.name, job.listener, show=cfg.progress)
    return engine.fit_and_test(trainer, classifier, data, checkpoint, resume=run.resumed)


def fit_baseline(cfg: DictConfig, data: KeypointDataModule) -> FitResult:
    """Fit a model of scikit-learn once: no epochs, nothing to select, no checkpoint."""
    from lightning_modules import engine

    classifier = engine.make_baseline(data, instantiate(cfg.model, _partial_=True), cfg.seed, cfg.loss.class_weights)
    return engine.fit_and_test_baseline(classifier, data, cfg.selection.monitor)


if __name__ == "__main__":
    main()
