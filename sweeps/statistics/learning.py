"""How fast something learns: areas under curves, and times that some runs never reach."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def mean_height(curve: ArrayLike) -> float:
    """Area under a curve over epochs, for each epoch: the mean of its values; high early is high altogether.

    Args:
        curve: `[epochs]`.
    """
    return float(np.asarray(curve, dtype=np.float64).mean())


def restricted_difference(slow: float | None, fast: float | None, horizon: float) -> float:
    """By how many epochs the second of a pair was earlier, counted up to a horizon.

    A run that never got there is censored: it counts as the horizon, as in a restricted mean survival time (Royston and
    Parmar 2013). That makes a difference smaller than it is, never larger; where neither got there it is 0.

    Args:
        slow: epochs of the run that is said to be slower; None if it never got there.
        fast: the same of the other.
        horizon: epochs that both were given.
    """
    first, second = (horizon if epochs is None else min(epochs, horizon) for epochs in (slow, fast))
    return float(first - second)
