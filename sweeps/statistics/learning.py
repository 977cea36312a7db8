"""How fast something learns: areas under curves, and times that some runs never reach."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def mean_height(curve: ArrayLike) -> float:
    """Return the area under a curve over epochs, divided by their number: the higher, the earlier the curve rises.

    Args:
        curve: `[epochs]`.

    Example:
        >>> mean_height([0.5, 0.75, 1.0])
        0.75
    """
    return float(np.asarray(curve, dtype=np.float64).mean())


def restricted_difference(slow: float | None, fast: float | None, horizon: float) -> float:
    """Return by how many epochs the second of a pair was earlier, counted up to a horizon.

    A run that never got there is censored: it counts as the horizon, as in a restricted mean survival time (Royston and
    Parmar 2013). That makes a difference smaller than it is, never larger; where neither got there it is 0.

    Args:
        slow: epochs of the run that is said to be slower; None if it never got there.
        fast: the same of the other.
        horizon: epochs that both were given.

    Example:
        >>> restricted_difference(None, 12, horizon=30)
        18.0
    """
    first, second = (horizon if epochs is None else min(epochs, horizon) for epochs in (slow, fast))
    return float(first - second)
