"""How likely a sweep of this size is to find an effect, and how many pairs it would take."""

from __future__ import annotations

import math

from scipy import stats

MOST_PAIRS = 100_000


def power(effect: float, sd: float, pairs: int, confidence: float = 0.95) -> float:
    """Probability that the interval of a paired mean difference lies wholly above 0, which is when a claim holds.

    From the noncentral t distribution (Cohen 1988, section 2.4), with the standard deviation taken for the true one.

    Args:
        effect: true mean difference, above 0.
        sd: standard deviation of the differences, in the same unit.
        pairs: number of them.
        confidence: of the two-sided interval.

    Returns:
        0..1; NaN for fewer than two pairs or an unknown or zero sd.
    """
    if pairs < 2 or not sd > 0:
        return math.nan
    degrees = pairs - 1
    bound = stats.t.ppf((1 + confidence) / 2, degrees)
    found = stats.nct.sf(bound, degrees, effect / sd * math.sqrt(pairs))
    # Far out scipy's tail is NaN where it is 1 to all digits.
    return float(found) if not math.isnan(found) else 1.0


def pairs_for_power(effect: float, sd: float, wanted: float = 0.8, confidence: float = 0.95) -> int | None:
    """The least number of pairs with at least the wanted power; None where it would take more than 100,000.

    Args:
        effect: true mean difference, above 0.
        sd: standard deviation of the differences, above 0.
        wanted: power, in (0, 1).
        confidence: of the two-sided interval.
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
