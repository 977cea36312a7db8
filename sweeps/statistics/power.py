"""Power: the probability that a sweep of some size finds an effect, and how many pairs that takes."""

from __future__ import annotations

import math

from scipy import stats

MOST_PAIRS = 100_000


def power(effect: float, sd: float, pairs: int, confidence: float = 0.95) -> float:
    """Return the probability that the interval of a paired mean difference lies above 0, which is when a claim holds.

    From the noncentral t distribution (Cohen 1988, section 2.4), with the standard deviation taken for the true one.

    Args:
        effect: true mean difference, above 0.
        sd: standard deviation of the differences, in the same unit.
        pairs: number of them.
        confidence: of the two-sided interval.

    Returns:
        0..1; NaN for fewer than two pairs or an unknown or zero sd.

    Example:
        >>> print(f"{power(3, sd=2.7, pairs=5):.3f}")
        0.473
    """
    if pairs < 2 or not sd > 0:
        return math.nan
    degrees = pairs - 1
    bound = stats.t.ppf((1 + confidence) / 2, degrees)
    probability = float(stats.nct.sf(bound, degrees, effect / sd * math.sqrt(pairs)))
    # Far out scipy's tail is NaN where it is 1 to all digits.
    return 1.0 if math.isnan(probability) else probability


def pairs_for_power(effect: float, sd: float, wanted: float = 0.8, confidence: float = 0.95) -> int | None:
    """Return the least number of pairs with at least the wanted power; None where it would take more than 100,000.

    Args:
        effect: true mean difference, above 0.
        sd: standard deviation of the differences, above 0.
        wanted: power, in (0, 1).
        confidence: of the two-sided interval.

    Example:
        >>> pairs_for_power(3, sd=2.7)
        9
    """
    low, high = 1, 2
    while power(effect, sd, high, confidence) < wanted:
        low, high = high, high * 2
        if high > MOST_PAIRS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        if power(effect, sd, middle, confidence) < wanted:
            low = middle
        else:
            high = middle
    return high
