"""The machine that trains: its threads, its memory, and the precisions that its CPU has."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Iterator

from lightning_modules.errors import DeviceError

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h of the GNU C library
_GIBIBYTE = 1 << 30


@contextlib.contextmanager
def configured_machine(accelerator: str, precision: str, num_threads: int | None) -> Iterator[None]:
    """Set up threads and memory for the block, as configured and as they measure fastest.

    The number of threads is set back afterwards: the next job of a sweep may be in the same process.

    Args:
        accelerator: of `pytorch_lightning.Trainer`.
        precision: of the same.
        num_threads: of the CPU; None leaves it to PyTorch.

    Raises:
        DeviceError: there is no such device here, or it does not train in this precision.
    """
    import torch

    keep_freed_memory()
    # trainer.deterministic would also fill every new tensor, an LSTM's work space at every step: that is for finding
    # reads of unset memory, and changes no result.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # set by its class
    on_gpu = torch.cuda.is_available() and accelerator != "cpu"
    if accelerator in ("gpu", "cuda") and not on_gpu:
        raise DeviceError(f"`accelerator`={accelerator}: no GPU is found here; type `trainer`=cpu")
    if not on_gpu and not cpu_supports(precision):
        raise DeviceError(f"`precision`={precision}: this CPU cannot train LSTMs so; type `precision`=32-true")
    before = torch.get_num_threads()
    torch.set_num_threads(num_threads or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def keep_freed_memory() -> bool:
    """Have the C library keep what is freed, rather than give it back and have it zeroed by the kernel a moment later.

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
    """Return whether oneDNN, which runs LSTMs on the CPU, has kernels for this precision here.

    Args:
        precision: of `pytorch_lightning.Trainer`, such as `32-true` or `bf16-mixed`.
    """
    from lightning_modules.private_interfaces import onednn_has_bfloat16, onednn_has_float16

    if precision.startswith("bf16"):
        return onednn_has_bfloat16()
    return onednn_has_float16() if precision.startswith("16") else True
