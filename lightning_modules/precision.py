"""Which precisions the CPU of this machine trains in."""

from __future__ import annotations


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
