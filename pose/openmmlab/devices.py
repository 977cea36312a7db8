"""Device and precision of a network."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from pose.errors import DataError

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "float32", "float16", "bfloat16")


def choose_device(device: str) -> Any:
    """Return the `torch.device` that `device` stands for.

    Args:
        device: `auto` takes a GPU where there is one; `cuda` may name which: `cuda:1`.

    Raises:
        DataError: it is not known, or there is no GPU.
    """
    import torch

    available = torch.cuda.is_available()
    if device == "auto":
        device = "cuda" if available else "cpu"
    if device.partition(":")[0] not in DEVICES:
        raise DataError(f"device={device}: use one of {', '.join(DEVICES)}")
    if device.startswith("cuda") and not available:
        raise DataError(f"device={device}: PyTorch finds no GPU here, use device=cpu")
    return torch.device(device)


def used_precision(device: Any, precision: str) -> str:
    """Return the precision that a network computes in: `float32`, `float16` or `bfloat16`.

    Args:
        device: the `torch.device`.
        precision: `auto` is float16 on a GPU, where it is at least as fast and takes half the memory, and float32
            elsewhere.
    """
    if precision == "auto":
        return "float16" if device.type == "cuda" else "float32"
    return precision


def autocast(device: Any, precision: str) -> AbstractContextManager[Any]:
    """Return the context that a network runs in; see `used_precision`."""
    import torch

    precision = used_precision(device, precision)
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, dtype=getattr(torch, precision))


def check_precision(precision: str) -> str:
    """Return `precision` where it is known.

    Raises:
        DataError: it is not.

    Example:
        >>> check_precision("float16")
        'float16'
    """
    if precision not in PRECISIONS:
        raise DataError(f"precision={precision}: use one of {', '.join(PRECISIONS)}")
    return precision


def set_threads(count: int | None) -> None:
    """Set the CPU threads of PyTorch and OpenCV; None for as many as PyTorch finds best."""
    import cv2
    import torch

    if count:
        torch.set_num_threads(count)
    cv2.setNumThreads(torch.get_num_threads())
