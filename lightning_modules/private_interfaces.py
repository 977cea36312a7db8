"""All private interfaces of other libraries that this room uses; a test says which of them another version lacks."""

from __future__ import annotations

from typing import Any

import torch

TESTED_WITH = {"torch": "2.13.0", "scikit-learn": "1.9.1"}


def onednn_has_bfloat16() -> bool:
    """Return whether oneDNN has bfloat16 kernels for this CPU."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def onednn_has_float16() -> bool:
    """Return whether oneDNN has float16 kernels for this CPU."""
    return bool(torch.ops.mkldnn._is_mkldnn_fp16_supported())


def resolved_gamma(machine: Any) -> float:
    """Return the number that the `gamma` of a fitted `sklearn.svm.SVC`, which may be `scale` or `auto`, came to."""
    return float(machine._gamma)
