"""How a cost grows with the size of what causes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sweeps.statistics.paired import Interval


@dataclass(frozen=True)
class Growth:
    """A power law, cost = factor x size ** exponent.

    Attributes:
        exponent: 0: the size does not matter; 1: twice the size costs twice as much; 2: four times as much.
        interval: of the exponent; NaN at both ends where fewer than three runs, or one size only, leave none.
    """

    exponent: float
    interval: Interval


def growth(sizes: Sequence[float], costs: Sequence[float], confidence: float) -> Growth:
    """Fit a power law by least squares on logarithms, with Student's t interval of the slope.

    Draper and Smith, Applied Regression Analysis, 3rd ed. 1998, section 1.4. The fit is over the whole range: where one
    term takes over from another, as a fixed cost from one that grows, the exponent is between the two.

    Args:
        sizes: above 0, one a run.
        costs: above 0, of the same runs.
        confidence: of the interval, in (0, 1).

    Example:
        >>> print(f"{growth([100, 1000, 10000], [0.2, 2.0, 20.0], confidence=0.95).exponent:.2f}")
        1.00
    """
    from scipy import stats

    x, y = np.log(np.asarray(sizes, float)), np.log(np.asarray(costs, float))
    if len(np.unique(x)) < 2:
        return Growth(float("nan"), Interval(float("nan"), float("nan")))
    fit = stats.linregress(x, y)
    if len(x) < 3:
        return Growth(float(fit.slope), Interval(float("nan"), float("nan")))
    half = float(stats.t.ppf((1 + confidence) / 2, len(x) - 2) * fit.stderr)
    return Growth(float(fit.slope), Interval(float(fit.slope) - half, float(fit.slope) + half))
