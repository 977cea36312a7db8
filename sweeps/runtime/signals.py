"""Signals that end a run: SIGTERM becomes an exception, and all of them wait while a run's status is written."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class Terminated(SystemExit):
    """A signal has asked the process to end. Not caught, it exits with 128 + the signal's number.

    Not a KeyboardInterrupt: Lightning turns those into ``sys.exit(1)``, and the reason would be lost.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(128 + signum)
        self.signum = signum

    def __str__(self) -> str:
        return signal.Signals(self.signum).name


def was_interrupted(error: BaseException | None) -> bool:
    """Tell whether an exception comes of Ctrl-C, SIGTERM or SIGHUP.

    Its chain of causes is followed, since Lightning raises SystemExit(1) while it handles a KeyboardInterrupt.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, KeyboardInterrupt | Terminated):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _terminate(signum: int, _: FrameType | None) -> None:
    raise Terminated(signum)


@contextlib.contextmanager
def termination_raises() -> Iterator[None]:
    """Raise `Terminated` in the main thread on SIGTERM and SIGHUP.

    A signal that is handled or ignored already (``nohup``) stays so. Lightning calls the handler that was installed
    before its own, so this one also works during ``Trainer.fit``. Does nothing in other threads.
    """
    replaced = {}
    if _in_main_thread():
        replaced = {s: signal.getsignal(s) for s in _ENDING if signal.getsignal(s) is signal.SIG_DFL}
    for signum in replaced:
        signal.signal(signum, _terminate)
    try:
        yield
    finally:
        for signum, handler in replaced.items():
            signal.signal(signum, handler)


@contextlib.contextmanager
def held_signals(*, redeliver: bool = True) -> Iterator[None]:
    """Hold Ctrl-C, SIGTERM and SIGHUP back until the block is over.

    Args:
        redeliver: raise the first signal that came meanwhile afterwards; False drops it, where the process ends anyway.
    """
    came: list[int] = []
    previous = {}
    if _in_main_thread():
        previous = {s: signal.signal(s, lambda number, _: came.append(number)) for s in (signal.SIGINT, *_ENDING)}
    try:
        yield
    finally:
        for signum, handler in previous.items():
            # None: installed by something other than Python, which Python cannot put back
            signal.signal(signum, signal.SIG_DFL if handler is None else handler)
    if came and redeliver:
        signal.raise_signal(came[0])
