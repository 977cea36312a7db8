"""Frames decoded beside what is done with them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import Generic, TypeVar

T = TypeVar("T")

_CHECK = 0.1  # seconds between looks at whether anybody still wants more


@contextmanager
def prefetched(items: Iterator[T], ahead: int) -> Iterator[Iterator[T]]:
    """Runs an iterator in a thread of its own; what it raises is raised where its items are taken.

    Args:
        items: FFmpeg and OpenCV let other threads go on while they decode.
        ahead: how many may wait to be taken.
    """
    pipe: _Pipe[T] = _Pipe(ahead)
    thread = threading.Thread(target=pipe.fill, args=(items,), name="prefetch", daemon=True)
    thread.start()
    try:
        yield pipe.taken()
    finally:
        pipe.close()
        thread.join()  # it may hold a file open


@dataclass(frozen=True)
class _End:
    """What comes after the last item."""

    error: BaseException | None = None


class _Pipe(Generic[T]):
    """From the thread that makes items to the one that takes them."""

    def __init__(self, size: int) -> None:
        self._queue: Queue[T | _End] = Queue(size)
        self._closed = threading.Event()

    def fill(self, items: Iterator[T]) -> None:
        """Puts all items in, until nobody wants more."""
        try:
            for item in items:
                if not self._put(item):
                    return
            self._put(_End())
        except BaseException as error:  # whatever it is, it belongs to the one who takes
            self._put(_End(error))

    def _put(self, item: T | _End) -> bool:
        while not self._closed.is_set():
            try:
                self._queue.put(item, timeout=_CHECK)
                return True
            except Full:
                continue
        return False

    def taken(self) -> Iterator[T]:
        """Takes them out."""
        while not isinstance(item := self._queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error

    def close(self) -> None:
        """Says that nobody wants more."""
        self._closed.set()
        with suppress(Empty):
            self._queue.get_nowait()  # so that one that is being put need not wait
