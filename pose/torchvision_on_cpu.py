"""torchvision's Python part beside a torch without CUDA.

The package index's torchvision is built for CUDA: its compiled part does not load beside a CPU build of torch, and its
import dies where it describes an operator that is then unknown. MMDet and MMPose take nothing compiled from it.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)


@cache
def ensure_torchvision() -> Any:
    """Imports torchvision, with its operators declared where they are unknown; to be called before mmdet or mmpose.

    Returns:
        What holds the declarations, which must not be deleted; None where nothing had to be declared.

    Raises:
        ImportError: it is not installed.
        RuntimeError: its import fails for another reason.
    """
    import torch

    try:
        import torchvision
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
    else:
        return None
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    declared: Any = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for operator in _OPERATORS:
        declared.define(operator)
    import torchvision  # noqa: F401

    return declared
