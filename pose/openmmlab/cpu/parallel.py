"""Parts of a batch side by side, one on each core."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

T = TypeVar("T")


def on_each_core(function: Callable[[slice], T], count: int, most: int) -> list[T]:
    """Run parts of a batch side by side, each on one of PyTorch's threads, where there are several parts.

    Within one operation threads wait for each other, hundreds of times for a network; so they do only at the end.

    Args:
        function: of rows; PyTorch lets other threads go on while it computes. It runs in inference mode.
        count: of rows in the batch, at least 1.
        most: rows in a part, so that what a layer hands to the next stays in the cache.

    Returns:
        What the function gives, in the order of the rows.
    """
    import torch

    threads = torch.get_num_threads()
    rounds = -(-count // (threads * most))
    size = -(-count // (threads * rounds))
    parts = [slice(start, start + size) for start in range(0, count, size)]
    if len(parts) == 1 or threads == 1:
        with torch.inference_mode():
            return [function(rows) for rows in parts]

    def alone(rows: slice) -> T:
        torch.set_num_threads(1)  # of OpenMP in this thread, but of MKL in all
        with torch.inference_mode():
            return function(rows)

    try:
        return list(_pool(threads).map(alone, parts))
    finally:
        torch.set_num_threads(threads)


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "cores")
