"""How long training and testing take, without what stands around them."""

from __future__ import annotations

import time
from typing import Any

import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Callback


class Stopwatch(Callback):
    """Times the passes over the training part, and the one over the test part.

    Validation, checkpoints and tracking do not count, nor does an epoch that was broken off and is done again.

    Attributes:
        fit_seconds: of all training passes; after a resume, those before it included.
        test_seconds: of the pass over the test part.
    """

    def __init__(self) -> None:
        self.fit_seconds = 0.0  # so far; a checkpoint that is loaded for the test sets it back to its epoch
        self.whole_fit_seconds = 0.0
        self.test_seconds = 0.0
        self._epoch = 0.0
        self._start = 0.0

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts."""
        self._epoch, self._start = 0.0, _now(pl_module)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Pauses."""
        self._epoch += _now(pl_module) - self._start

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Goes on."""
        self._start = _now(pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Adds the epoch; the checkpoint is written after this."""
        self.fit_seconds += self._epoch + _now(pl_module) - self._start

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keeps the sum over all epochs."""
        self.whole_fit_seconds = self.fit_seconds

    def on_test_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts."""
        self._start = _now(pl_module)

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops, before the metrics are computed."""
        self.test_seconds = _now(pl_module) - self._start

    def state_dict(self) -> dict[str, Any]:
        """What the checkpoint holds of this."""
        return {"fit_seconds": self.fit_seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from what `state_dict` gave."""
        self.fit_seconds = state_dict["fit_seconds"]


def speeds(trainer: Trainer, test_windows: int) -> dict[str, float]:
    """What the trainer's stopwatch came to: `fit_seconds`, and `predict_windows_per_s` of so many test windows."""
    watch = next(callback for callback in trainer.callbacks if isinstance(callback, Stopwatch))  # type: ignore[attr-defined]
    return {"fit_seconds": watch.whole_fit_seconds, "predict_windows_per_s": test_windows / watch.test_seconds}


def _now(module: LightningModule) -> float:
    """Seconds, once the GPU has done what it was asked so far."""
    if module.device.type == "cuda":
        torch.cuda.synchronize(module.device)
    return time.perf_counter()
