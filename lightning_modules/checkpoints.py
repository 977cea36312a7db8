"""Checkpoints: written completely or not at all, read without running code, with all that a resumed run needs."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.plugins import TorchCheckpointIO

from lightning_modules.atomic import replace_file

LAST, BEST = "last.ckpt", "best.ckpt"
EpochRow = dict[str, Any]  # epoch (from 1), time_ms, values


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes to a temporary name, syncs and renames; reads with `weights_only`.

    Example:
        >>> import tempfile
        >>> io, path = AtomicCheckpointIO(), Path(tempfile.mkdtemp()) / "last.ckpt"
        >>> io.save_checkpoint({"epoch": 1, "weight": torch.ones(2)}, path)
        >>> io.load_checkpoint(path)
        {'epoch': 1, 'weight': tensor([1., 1.])}
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None) -> None:
        """Write a checkpoint so that `path` is at every moment the old or the new one, complete."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with replace_file(target) as file:
            torch.save(checkpoint, file)

    def load_checkpoint(self, path: Any, map_location: Any = "cpu", weights_only: bool | None = True) -> dict[str, Any]:
        """Return the checkpoint at `path`; tensors and plain values only, whatever `weights_only` says."""
        checkpoint: dict[str, Any] = torch.load(path, map_location=map_location, weights_only=True)
        return checkpoint


class EpochCheckpoint(Checkpoint):
    """Ends every epoch: writes its checkpoint, then reports its metrics.

    Lightning's ModelCheckpoint removes the old best file before the last one names the new one, so that a kill between
    the two leaves a run that cannot be resumed; here each of two names is replaced atomically.

    Args:
        folder: where `last.ckpt` and `best.ckpt` go.
        report: called with all finished epochs, after each checkpoint; in the first process only.
        monitor: the metric that chooses the best epoch; None for none, as without a validation part.
        mode: whether the smallest or the largest value is the best; of equal ones the first is.
        stops: asked after each epoch, with what `report` gets, whether the training ends there; in the first process
            only, for all of them. None: it never does.

    Attributes:
        stopped: whether it did.
    """

    def __init__(
        self,
        folder: Path,
        report: Callable[[list[EpochRow]], None],
        monitor: str | None = None,
        mode: Literal["min", "max"] = "min",
        stops: Callable[[list[EpochRow]], bool] | None = None,
    ) -> None:
        self.folder = folder
        self.report = report
        self.monitor = monitor
        self.mode = mode
        self.stops = stops
        self.stopped = False
        self.rows: list[EpochRow] = []
        self.best_epoch = 0
        self.best_value: float | None = None
        self._random_state: dict[str, Any] | None = None

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Go on with the random numbers of the last finished epoch, after a resume."""
        if self._random_state is not None:
            _set_random_state(self._random_state)
            self._random_state = None

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write the checkpoint, then report the metrics; Lightning calls this after the module's own hook."""
        values = {name: value.item() for name, value in trainer.callback_metrics.items()}
        epoch = trainer.current_epoch + 1
        self.rows.append({"epoch": epoch, "time_ms": int(time.time() * 1000), "values": values})
        improved = self._improves(values)
        if improved:
            self.best_epoch, self.best_value = epoch, values[str(self.monitor)]
            trainer.save_checkpoint(self.folder / BEST, weights_only=False)
        trainer.save_checkpoint(self.folder / LAST, weights_only=False)
        if trainer.is_global_zero:
            self.report(self.rows)
        if self.stops is not None:
            self._stop_if_asked(trainer, self.stops)

    def _stop_if_asked(self, trainer: Trainer, stops: Callable[[list[EpochRow]], bool]) -> None:
        """Ask whether to stop, in all processes; also after the last epoch, though there is nothing left to stop."""
        stop = stops(self.rows) if trainer.is_global_zero else False
        if trainer.current_epoch + 1 != trainer.max_epochs:
            self.stopped = bool(trainer.strategy.broadcast(stop))
            trainer.should_stop = trainer.should_stop or self.stopped

    def _improves(self, values: Mapping[str, float]) -> bool:
        if self.monitor is None:
            return False
        value = values[self.monitor]
        return self.best_value is None or (value < self.best_value if self.mode == "min" else value > self.best_value)

    @property
    def chosen(self) -> Path:
        """The checkpoint to test: the best where one was chosen, else the last."""
        return self.folder / (BEST if self.monitor is not None else LAST)

    @property
    def chosen_epoch(self) -> int:
        """The epoch of `chosen`, from 1."""
        return self.best_epoch if self.monitor is not None else int(self.rows[-1]["epoch"])

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint holds of this: metrics so far, the choice so far, and every random state."""
        return {
            "rows": self.rows,
            "best_epoch": self.best_epoch,
            "best_value": self.best_value,
            "random_state": _random_state(),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        self.rows = list(state_dict["rows"])
        self.best_epoch, self.best_value = state_dict["best_epoch"], state_dict["best_value"]
        self._random_state = state_dict["random_state"]


def epochs_to(rows: list[EpochRow], accuracy: float) -> int | None:
    """Return the first epoch whose held-out accuracy reaches `accuracy`: of val, else of the test curve, else of train.

    Example:
        >>> rows = [{"epoch": 1, "values": {"val/accuracy": 0.8}}, {"epoch": 2, "values": {"val/accuracy": 0.96}}]
        >>> epochs_to(rows, 0.95), epochs_to(rows, 0.99)
        (2, None)
    """
    for row in rows:
        keys = (f"{part}/accuracy" for part in ("val", "test", "train"))
        if next((row["values"][key] for key in keys if key in row["values"]), 0) >= accuracy:
            return int(row["epoch"])
    return None


def _random_state() -> dict[str, Any]:
    """Return the states of Python, numpy, PyTorch and its GPUs, as tensors and plain values."""
    name, keys, *rest = np.random.get_state(legacy=True)  # the global one is what a library may use
    return {
        "python": random.getstate(),
        "numpy": [name, torch.from_numpy(np.asarray(keys).astype(np.int64)), *rest],
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def _set_random_state(state: Mapping[str, Any]) -> None:
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"].cpu())
    for device, values in enumerate(state["cuda"][: torch.cuda.device_count()]):
        torch.cuda.set_rng_state(values.cpu(), device)
