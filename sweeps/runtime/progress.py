"""How far a job is: said by the job, shown by whoever started it. Neither knows the other."""

from __future__ import annotations

from collections.abc import Callable

Listener = Callable[[float, float, str], None]

_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Have `report` of this process tell `listener` from now on."""
    _listeners.append(listener)


def has_listener() -> bool:
    """Whether somebody shows what this process reports; it need not show it itself then."""
    return bool(_listeners)


def report(done: float, total: float, text: str) -> None:
    """Say how far this process is.

    Args:
        done: of `total`, in any unit.
        total: above 0.
        text: a few words, such as ``epoch 3/30  val 0.81``.
    """
    for listener in _listeners:
        listener(done, total, text)
