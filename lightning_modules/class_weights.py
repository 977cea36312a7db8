"""How much a window of each class counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from lightning_modules.errors import FitError

if TYPE_CHECKING:
    import torch

    from lightning_modules.window_data import WindowData

Weights = Sequence[float] | Literal["balanced"] | None


def check_class_weights(weights: Weights, num_classes: int) -> None:
    """Raise where there is not one weight for each class.

    Raises:
        FitError: says how many classes there are.
    """
    if weights not in (None, "balanced") and len(weights) != num_classes:
        raise FitError(f"`class_weights`={list(weights)}: the data has {num_classes} classes; give one number each")


def weigh_classes(weights: Weights, data: WindowData) -> torch.Tensor | None:
    """Return how much a window of each class counts, `[K]`; None where all count alike.

    Args:
        weights: one for each class; or `balanced`, for the same sum in each class.
        data: whose training windows are counted.
    """
    import torch

    if weights is None:
        return None
    if weights == "balanced":
        counts = data.train_counts()
        return counts.sum() / (len(counts) * counts.clamp(min=1))
    return torch.tensor(list(weights), dtype=torch.float32)
