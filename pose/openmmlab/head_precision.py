"""Heads of OpenMMLab's networks in mixed precision and channels_last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def keep_heads_exact(module: Any) -> None:
    """Compute the predictions of heads in float32 also where the rest is not.

    A coordinate of 600 pixels in float16 is right to half a pixel only, and NumPy, in which some heads decode, has no
    bfloat16. Some also rely on channels that lie first.

    Args:
        module: a network of OpenMMLab; `predict` of its heads is wrapped.
    """
    import torch

    for name, head in module.named_children():
        if name.endswith("head") and hasattr(head, "predict"):
            head.to(memory_format=torch.contiguous_format)
            head.predict = _exact(head.predict)


def _exact(predict: Callable[..., Any]) -> Callable[..., Any]:
    import torch

    def in_float32(features: Any, *arguments: Any, **options: Any) -> Any:
        with torch.autocast(_first_tensor(features).device.type, enabled=False):
            return predict(_to_plain(features), *arguments, **options)

    return in_float32


def _to_plain(features: Any) -> Any:
    if isinstance(features, list | tuple):
        return type(features)(_to_plain(feature) for feature in features)
    return features.float().contiguous()


def _first_tensor(features: Any) -> Any:
    return _first_tensor(features[0]) if isinstance(features, list | tuple) else features
