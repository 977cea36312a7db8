"""What the ranks of `trainer=ddp` do in tests: as in train.py, but watched or broken. Ranks import this by its name."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import train
from lightning_modules.classifier import ActionClassifier
from lightning_modules.errors import DivergenceError

fit_rank = train.fit_rank


def counting(*arguments: Any) -> dict[str, float]:
    """Write beside the run how many windows this rank trained on in its last epoch, and the sum of their key points."""
    step, windows = ActionClassifier.training_step, {}

    def training_step(self: Any, batch: Any, batch_idx: int) -> Any:
        windows[self.current_epoch, batch_idx] = batch
        return step(self, batch, batch_idx)

    ActionClassifier.training_step = training_step  # type: ignore[method-assign]
    values = fit_rank(*arguments)
    last = [batch for (epoch, _), batch in windows.items() if epoch == max(epoch for epoch, _ in windows)]
    count, total = sum(len(batch.target) for batch in last), sum(batch.keypoints.sum().item() for batch in last)
    run_folder = f"{arguments[0].output_dir}/runs/{arguments[2]}"
    Path(run_folder, f"rank-{os.environ['RANK']}").write_text(f"{count} {total}")
    return values


def _breaking(error: Any, *arguments: Any) -> dict[str, float]:
    """Break the last rank in the second step of the second epoch, while the other one waits for its gradients."""
    step = ActionClassifier.training_step

    def training_step(self: Any, batch: Any, batch_idx: int) -> Any:
        if os.environ["RANK"] == "1" and (self.current_epoch, batch_idx) == (1, 1):
            error()
        return step(self, batch, batch_idx)

    ActionClassifier.training_step = training_step  # type: ignore[method-assign]
    return fit_rank(*arguments)


def _raise(error: Exception) -> None:
    raise error


def diverging(*arguments: Any) -> dict[str, float]:
    """Raise an error that the user can mend."""
    return _breaking(lambda: _raise(DivergenceError("the loss became nan")), *arguments)


def crashing(*arguments: Any) -> dict[str, float]:
    """Raise an error of a class that pickle cannot restore."""

    class LocalError(Exception):
        pass

    return _breaking(lambda: _raise(LocalError("it went wrong")), *arguments)


def dying(*arguments: Any) -> dict[str, float]:
    """Be killed, as for want of memory."""
    return _breaking(lambda: os.kill(os.getpid(), signal.SIGKILL), *arguments)


def exiting(*arguments: Any) -> dict[str, float]:
    """Call sys.exit."""
    return _breaking(lambda: sys.exit(3), *arguments)
