"""Memory that training frees and asks for again every step."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h of the GNU C library
_GIBIBYTE = 1 << 30


def keep_freed_memory() -> bool:
    """Lets the C library keep what is freed, rather than give it back and have it zeroed by the kernel a moment later.

    A step of the paper's network on the CPU frees some 40 MB of work space; getting it back costs 9,400 page faults, a
    quarter of the step on one thread (docs/performance.md). It changes speed only; the process keeps its footprint.

    Returns:
        Whether the C library took it; only the GNU one on Linux does.
    """
    if sys.platform != "linux":
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, _GIBIBYTE) and mallopt(_M_TRIM_THRESHOLD, 2 * _GIBIBYTE - 1))
