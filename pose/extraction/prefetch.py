"""Frames decoded beside what is done with them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Full, Queue
from typing import TypeVar

T = TypeVar("T")

_CHECK = 0.1  # seconds between looks at whether anybody still wants more


@contextmanager
def prefetched(items: Iterator[T], ahead: int) -> Iterator[Iterator[T]]:
    """Runs an iterator in a thread of its own; what it raises is raised where its items are taken.

    Args:
        items: FFmpeg and OpenCV let other threads go on while they decode.
        ahead: how many may wait to be taken.
    """
    queue: Queue[tuple[T | None, BaseException | None]] = Queue(ahead)
    closed = threading.Event()

    def put(item: T | None, error: BaseException | None) -> None:
        while not closed.is_set():
            try:
                queue.put((item, error), timeout=_CHECK)
                return
            except Full:
                continue

    def fill() -> None:
        try:
            for item in items:
                put(item, None)
                if closed.is_set():
                    return
            put(None, StopIteration())
        except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the one who takes
            put(None, error)

    def taken() -> Iterator[T]:
        while True:
            item, error = queue.get()
            if isinstance(error, StopIteration):
                return
            if error is not None:
                raise error
            yield item  # type: ignore[misc] # an item without an error is one of T

    thread = threading.Thread(target=fill, name="prefetch", daemon=True)
    thread.start()
    try:
        yield taken()
    finally:
        closed.set()
        while thread.is_alive():  # it may hold a file open
            try:
                queue.get_nowait()
            except Empty:
                thread.join(_CHECK)
