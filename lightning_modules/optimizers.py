"""The implementation of an optimizer that measures fastest where it runs."""

from __future__ import annotations

import torch

# PyTorch has up to three implementations of one optimizer: a loop over tensors, `foreach` (a few large operations), and
# `fused` (one kernel). docs/performance.md has what was measured.
_FUSED = (torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD)


def fastest(kind: type[torch.optim.Optimizer], device: torch.device) -> dict[str, bool]:
    """Return keyword arguments that choose the fastest implementation of this kind of optimizer on a device.

    Example:
        >>> fastest(torch.optim.Adam, torch.device("cpu")), fastest(torch.optim.RMSprop, torch.device("cpu"))
        ({'fused': True}, {})
    """
    if issubclass(kind, _FUSED):
        return {"fused": True}
    return {"foreach": True} if device.type == "cuda" else {}
