"""How long training and testing take, without what stands around them."""

from __future__ import annotations

import time
from typing import Any

import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Callback


class Stopwatch(Callback):
    """Times the passes over the training part, and the one over the test part.

    Lightning's own Timer also counts validation and checkpoints, and the epoch that a resumed run repeats.

    Attributes:
        fit_seconds: of the training passes so far; a checkpoint that is loaded sets it back to its epoch.
        total_fit_seconds: of all training passes; after a resume, those before it included.
        test_seconds: of the pass over the test part.
    """

    def __init__(self) -> None:
        self.fit_seconds = 0.0
        self.total_fit_seconds = 0.0
        self.test_seconds = 0.0
        self._start = 0.0

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start."""
        self._start = _now(pl_module)

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Pause."""
        self.fit_seconds += _now(pl_module) - self._start

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Go on."""
        self._start = _now(pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop; the checkpoint is written after this."""
        self.fit_seconds += _now(pl_module) - self._start

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Keep the sum over all epochs."""
        self.total_fit_seconds = self.fit_seconds

    def on_test_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start."""
        self._start = _now(pl_module)

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stop, before the metrics are computed."""
        self.test_seconds = _now(pl_module) - self._start

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint holds of this."""
        return {"fit_seconds": self.fit_seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        self.fit_seconds = state_dict["fit_seconds"]


def speeds(trainer: Trainer, test_windows: int) -> dict[str, float]:
    """Return `fit_seconds` of the trainer's stopwatch, and `predict_windows_per_s` of so many test windows."""
    watch = next(callback for callback in trainer.callbacks if isinstance(callback, Stopwatch))  # type: ignore[attr-defined]
    return {"fit_seconds": watch.total_fit_seconds, "predict_windows_per_s": test_windows / watch.test_seconds}


def _now(module: LightningModule) -> float:
    """Return the time in seconds, once the GPU has done what it was given so far."""
    if module.device.type == "cuda":
        torch.cuda.synchronize(module.device)
    return time.perf_counter()
