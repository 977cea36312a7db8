"""What this machine can do: precisions of its CPU, and memory that training asks for again every step."""

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


def cpu_supports(precision: str) -> bool:
    """Whether oneDNN, which runs LSTMs on the CPU, has kernels for this precision here.

    Args:
        precision: of `pytorch_lightning.Trainer`, such as `32-true` or `bf16-mixed`.
    """
    import torch

    if precision.startswith("bf16"):
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    if precision.startswith("16"):
        return bool(torch.ops.mkldnn._is_mkldnn_fp16_supported())
    return True
