"""Numbers as the page shows them: a fixed number of digits, a true minus, a dash for what is not known."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from sweeps.statistics.paired import Interval

MINUS = "\u2212"
NONE = "\u2013"  # an en dash: not known


def percent(value: float | None, digits: int = 2) -> str:
    """Return a share in 0..1 as percent, without the sign: 95.63."""
    return NONE if value is None or math.isnan(value) else f"{100 * value:.{digits}f}"


def whole_percent(share: float) -> str:
    """Return a share in 0..1 as people say it: 95 %, or 99.5 % where a whole number would say too much."""
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{100 * share:.1f}".removesuffix(".0") + " %" if share > 0.99 else f"{100 * share:.0f} %"


def plain(value: float, digits: int = 2) -> str:
    """Return a number: 3.15, or the dash."""
    return NONE if math.isnan(value) else f"{value:.{digits}f}".replace("-", MINUS)


def signed(value: float) -> str:
    """Return a difference: +3.15."""
    return NONE if math.isnan(value) else f"{value:+.2f}".replace("-", MINUS)


def span(interval: Interval | None, number: Callable[[float], str] = signed) -> str:
    """Return an interval: +0.52 to +5.78, or with another way to write its ends, such as `percent`."""
    if interval is None or math.isnan(interval.low):
        return NONE
    return f"{number(interval.low)} to {number(interval.high)}"


def p_value(value: float) -> str:
    """Return a p value with three digits, never 0."""
    if math.isnan(value):
        return NONE
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: 1 job, 2 jobs."""
    return f"{number:,} {noun if number == 1 else f'{noun}s'}"


def recall_key(name: str) -> str:
    """Return `test/recall/falling_down` for "falling down".

    The name is made by `lightning_modules.metrics.slug`, which this room may not import; a test compares the two.
    """
    return "test/recall/" + (re.sub(r"[\W_]+", "_", name.lower()).strip("_") or "_")
