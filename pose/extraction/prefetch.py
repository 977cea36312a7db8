"""Decoding of frames in a thread beside their processing."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

_END: Any = object()


@contextmanager
def prefetch(items: Iterator[T], ahead: int) -> Iterator[Iterator[T]]:
    """Run an iterator in a thread; an exception is raised where the failed item is taken.

    Args:
        items: FFmpeg and OpenCV let other threads go on while they decode.
        ahead: how many items may wait to be taken, at least 1.

    Example:
        >>> with prefetch(iter("abc"), ahead=2) as letters:
        ...     print(*letters)
        a b c
    """
    with ThreadPoolExecutor(1, "prefetch") as thread:
        waiting = deque(thread.submit(next, items, _END) for _ in range(ahead))

        def take() -> Iterator[T]:
            while (item := waiting.popleft().result()) is not _END:
                waiting.append(thread.submit(next, items, _END))
                yield item

        try:
            yield take()
        finally:
            thread.shutdown(cancel_futures=True)  # waits for the running item, which may hold a file open
