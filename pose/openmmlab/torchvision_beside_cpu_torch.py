"""The registry's torchvision is built for CUDA: beside a CPU build of torch it dies while it is imported.

Its compiled part cannot be loaded there, so the operators that its Python part describes do not exist. MMPose and
MMPretrain only need Python parts; with the operators declared, though not implemented, these can be imported.
"""

from __future__ import annotations

import sys
from typing import Any, cast

_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_libraries: list[Any] = []  # what is declared is gone with its library


def ensure_torchvision() -> None:
    """Imports torchvision, with its operators declared where its compiled part cannot be loaded.

    Raises:
        RuntimeError: it cannot be imported for another reason.
    """
    try:
        import torchvision  # noqa: F401
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        _declare()


def _declare() -> None:
    import torch

    for module in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[module]
    library: Any = cast(Any, torch.library).Library("torchvision", "FRAGMENT")
    for operator in _OPERATORS:
        library.define(operator)
    _libraries.append(library)
    import torchvision  # noqa: F401
