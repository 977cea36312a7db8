"""Fits a model to windows, and tests it once."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import cast

import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from pytorch_lightning import LightningDataModule, Trainer

from lightning_modules.baseline_classifier import BaselineClassifier
from lightning_modules.baselines import Baseline
from lightning_modules.checkpoints import BEST, LAST, AtomicCheckpointIO, EpochCheckpoint, epochs_to
from lightning_modules.class_weights import Weights, weigh_classes
from lightning_modules.classifier import ActionClassifier, SchedulerFactory
from lightning_modules.lightning_output import hush_lightning
from lightning_modules.normalizers import Normalizer, make_normalizer
from lightning_modules.progress import RunProgress
from lightning_modules.result import FitResult
from lightning_modules.stopwatch import Stopwatch, speeds
from lightning_modules.window_data import WindowData

_ALARMING = 0.95  # accuracy whose first epoch is the metric epochs_to_95
_TRUNK = ("left_shoulder", "right_shoulder", "left_hip", "right_hip")


def fitted_normalizer(data: WindowData) -> Normalizer:
    """Return what turns key points into features, fitted on the training part."""
    sizes = (data.skeleton.num_joints, data.num_coordinates, data.num_channels)
    normalizer = make_normalizer(data.normalize, *sizes, data.skeleton.find(*_TRUNK), data.velocity)
    normalizer.fit(data.train_frames(), (batch.keypoints for batch in data.batches("train")))
    return normalizer


def make_classifier(
    data: WindowData,
    network: Callable[..., torch.nn.Module],
    optimizer: partial[torch.optim.Optimizer],
    scheduler: SchedulerFactory | None = None,
    class_weights: Weights = None,
    label_smoothing: float = 0.0,
) -> ActionClassifier:
    """Make what Lightning trains: a normaliser that is fitted to the data, a network, and how it is trained.

    Args:
        data: that was set up.
        network: makes the network from `input_size`, features a frame, and `num_classes`.
        optimizer: makes the optimizer from parameters.
        scheduler: makes the scheduler from the optimizer; None for a constant learning rate.
        class_weights: of the loss; see `lightning_modules.class_weights`.
        label_smoothing: of the loss, in [0, 1).
    """
    normalizer = fitted_normalizer(data)
    return ActionClassifier(
        normalizer=normalizer,
        network=network(input_size=normalizer.num_features, num_classes=len(data.class_names)),
        class_names=data.class_names,
        optimizer=optimizer,
        scheduler=scheduler,
        class_weights=weigh_classes(class_weights, data),
        label_smoothing=label_smoothing,
        abnormal_classes=data.abnormal_classes,
        curve_parts=data.curve_parts,
    )


def make_baseline(
    data: WindowData, model: Callable[..., Baseline], seed: int, class_weights: Weights = None
) -> BaselineClassifier:
    """Make a model of scikit-learn for the data, with the same features and metrics as a network has.

    Args:
        data: that was set up.
        model: makes it from `num_classes`, `seed` and `num_threads`.
        seed: of whatever it draws.
        class_weights: see `lightning_modules.class_weights`.
    """
    num_classes = len(data.class_names)
    return BaselineClassifier(
        fitted_normalizer(data),
        model(num_classes=num_classes, seed=seed, num_threads=torch.get_num_threads()),
        data.class_names,
        weigh_classes(class_weights, data),
        data.abnormal_classes,
    )


def make_trainer(
    factory: Callable[..., Trainer],
    checkpoint: EpochCheckpoint,
    title: str = "",
    listener: Callable[[float, float, str], None] | None = None,
    *,
    show: bool = False,
) -> Trainer:
    """Make a Lightning Trainer. Tracking and checkpoints are ours, so what Lightning would write is off.

    Args:
        factory: `pytorch_lightning.Trainer`, with the arguments that are configured.
        checkpoint: written after each epoch.
        title: of the run, where it is shown.
        listener: see `RunProgress`.
        show: show how far the run is.
    """
    hush_lightning()
    return factory(
        callbacks=[checkpoint, Stopwatch(), *([RunProgress(title, listener)] if show else [])],
        # Ranks are started by lightning_modules.ranks on every machine: within a Slurm job Lightning would take srun's
        # for them, and have the job queued again itself.
        plugins=[AtomicCheckpointIO(), LightningEnvironment()],
        default_root_dir=str(checkpoint.folder),
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,  # our loaders share the windows out themselves
    )


def fit_and_test(
    trainer: Trainer,
    classifier: ActionClassifier,
    data: WindowData,
    checkpoint: EpochCheckpoint,
    *,
    resume: bool = False,
) -> FitResult:
    """Train a network epoch by epoch, and test the epoch that was chosen once.

    Args:
        trainer: from `make_trainer`, with the same `checkpoint`.
        classifier: the network, and how it is trained.
        data: a data module that was set up.
        checkpoint: chooses the epoch.
        resume: go on from the last checkpoint in its folder.
    """
    loaders = cast(LightningDataModule, data)
    trainer.fit(classifier, datamodule=loaders, ckpt_path=str(checkpoint.folder / LAST) if resume else None)
    if trainer.is_global_zero:
        checkpoint.report(checkpoint.rows)  # a kill may have come between the last checkpoint and its report
    if checkpoint.stopped:
        return FitResult(
            classifier, data, {**checkpoint.rows[-1], "values": {}}, trainer, checkpoint.rows, stopped=True
        )
    trainer.test(classifier, datamodule=loaders, ckpt_path=str(checkpoint.chosen), verbose=False)
    values = {name: value.item() for name, value in trainer.callback_metrics.items() if name.startswith("test/")}
    reached = epochs_to(checkpoint.rows, _ALARMING)
    values |= {"epochs_to_95": float(reached)} if reached is not None else {}
    best = checkpoint.best_value
    values |= {f"best/{checkpoint.monitor}": best} if best is not None else {}
    values |= speeds(trainer, data.part_sizes["test"])
    row = {"epoch": checkpoint.chosen_epoch, "time_ms": checkpoint.rows[-1]["time_ms"], "values": values}
    files = [file for name in (LAST, BEST) if (file := checkpoint.folder / name).exists()]
    return FitResult(classifier, data, row, trainer, checkpoint.rows, files)


def fit_and_test_baseline(classifier: BaselineClassifier, data: WindowData, monitor: str) -> FitResult:
    """Fit a model of scikit-learn once: no epochs, nothing to select, no checkpoint.

    Args:
        classifier: the model, and its features.
        data: that was set up.
        monitor: a metric of validation, which is also noted as ``best/<monitor>``.
    """
    classifier.fit(data.batches("train"))
    parts = [part for part in ("train", "val", "test") if data.part_sizes[part]]
    values: dict[str, float] = {}
    for part in parts:  # test last: its speed is the one that counts
        values |= classifier.evaluate(part, data.batches(part))
    values |= {f"best/{monitor}": values[monitor]} if monitor in values else {}
    values |= {"fit_seconds": classifier.fit_seconds, "predict_windows_per_s": classifier.predict_windows_per_s}
    return FitResult(classifier, data, {"epoch": 1, "time_ms": int(time.time() * 1000), "values": values})
