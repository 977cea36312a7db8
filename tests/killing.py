"""Has this process killed at a certain call of a certain function, as a power cut would."""

from __future__ import annotations

import functools
import io
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

Wrapped = Callable[..., Any]
Reached = Callable[[], bool]


def kill_at(moment: str, count: int) -> None:
    """Have this process killed at the `count`-th time, from 1, that it is at a moment.

    Args:
        moment: a key of `MOMENTS`.
        count: which time.
    """
    calls = iter(range(1, 1_000_000))

    def reached() -> bool:
        return next(calls) == count

    MOMENTS[moment](reached)


def die() -> None:
    """End as SIGKILL ends a process: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


def before(owner: Any, name: str, reached: Reached) -> None:
    """Die before a call of a function or method."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if reached():
            die()
        return original(*args, **kwargs)

    setattr(owner, name, wrapper)


def after(owner: Any, name: str, reached: Reached) -> None:
    """Die after a call of a function or method, before its caller knows."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if reached():
            die()
        return result

    setattr(owner, name, wrapper)


def _in_training(reached: Reached) -> None:
    from lightning_modules.classifier import ActionClassifier

    after(ActionClassifier, "training_step", reached)


def _in_validation(reached: Reached) -> None:
    from lightning_modules.classifier import ActionClassifier

    before(ActionClassifier, "validation_step", reached)


def _in_checkpoint_write(reached: Reached) -> None:
    import torch

    save = torch.save

    def half(content: Any, file: Any) -> None:
        if not reached():
            save(content, file)
            return
        whole = io.BytesIO()
        save(content, whole)
        file.write(whole.getvalue()[: whole.tell() // 2])
        file.flush()
        die()

    torch.save = half  # type: ignore[assignment]


def _before_checkpoint_rename(reached: Reached) -> None:
    _before_if(Path, "replace", lambda path, *_: path.name.endswith(".ckpt.tmp") or ".ckpt." in path.name, reached)


def _after_checkpoint_rename(reached: Reached) -> None:
    from lightning_modules.checkpoints import AtomicCheckpointIO

    after(AtomicCheckpointIO, "save_checkpoint", reached)


def _before_if(owner: Any, name: str, condition: Callable[..., bool], reached: Reached) -> None:
    original = getattr(owner, name)

    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if condition(*args, **kwargs) and reached():
            die()
        return original(*args, **kwargs)

    setattr(owner, name, wrapper)


def _in_tracking(reached: Reached, *, at_commit: bool) -> None:
    """In the write of an epoch's metrics: at its commit, which does not come to be, or right after it."""
    from mlflow import MlflowClient
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    original, within = MlflowClient.log_batch, []

    @functools.wraps(original)
    def log_batch(self: Any, run_id: str, metrics: Any = (), **rest: Any) -> Any:
        if not metrics or not reached():
            return original(self, run_id, metrics=metrics, **rest)
        within.append(True)
        original(self, run_id, metrics=metrics, **rest)
        return die()

    MlflowClient.log_batch = log_batch  # type: ignore[method-assign]
    if at_commit:
        wrote = []

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if within and statement.startswith("INSERT INTO metrics"):
                wrote.append(True)

        event.listen(Engine, "after_cursor_execute", note)
        event.listen(Engine, "commit", lambda _: die() if wrote else None)


def _before_tracking(reached: Reached) -> None:
    from sweeps.tracking.run import TrackedRun

    before(TrackedRun, "log_epochs", reached)


def _in_test(reached: Reached) -> None:
    from lightning_modules.classifier import ActionClassifier

    before(ActionClassifier, "test_step", reached)


def _in_results(reached: Reached) -> None:
    from sweeps.tracking.run import TrackedRun

    before(TrackedRun, "log_figure", reached)


MOMENTS: dict[str, Callable[[Callable[[], bool]], None]] = {
    "training": _in_training,
    "validation": _in_validation,
    "checkpoint_half_written": _in_checkpoint_write,
    "checkpoint_not_renamed": _before_checkpoint_rename,
    "checkpoint_written": _after_checkpoint_rename,
    "before_tracking": _before_tracking,
    "tracking_not_committed": functools.partial(_in_tracking, at_commit=True),
    "tracking_committed": functools.partial(_in_tracking, at_commit=False),
    "test": _in_test,
    "results": _in_results,
}
