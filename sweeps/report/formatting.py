"""Numbers as the page has them: always as many digits, a true minus, a thin way of saying that there is none."""

from __future__ import annotations

import math
import re

from sweeps.statistics.paired import Interval

MINUS = "\u2212"
NONE = "\u2013"  # an en dash: not known


def percent(value: float | None, digits: int = 2) -> str:
    """A share in 0..1 as percent, without the sign: 95.63."""
    return NONE if value is None or math.isnan(value) else f"{100 * value:.{digits}f}"


def whole_percent(share: float) -> str:
    """A share in 0..1 as people say it: 95 %, or 99.5 % where a whole number would say too much."""
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{100 * share:.1f}".removesuffix(".0") + " %" if share > 0.99 else f"{100 * share:.0f} %"


def plain(value: float | None, digits: int = 2) -> str:
    """A number: 3.15, or the dash."""
    return NONE if value is None or math.isnan(value) else f"{value:.{digits}f}".replace("-", MINUS)


def signed(value: float | None, digits: int = 2) -> str:
    """A difference: +3.15."""
    return NONE if value is None or math.isnan(value) else f"{value:+.{digits}f}".replace("-", MINUS)


def span(interval: Interval | None, digits: int = 2) -> str:
    """An interval of differences: +0.52 to +5.78."""
    if interval is None or math.isnan(interval.low):
        return NONE
    return f"{signed(interval.low, digits)} to {signed(interval.high, digits)}"


def percent_span(interval: Interval) -> str:
    """An interval of shares, in percent: 94.10 to 96.20."""
    return NONE if math.isnan(interval.low) else f"{percent(interval.low)} to {percent(interval.high)}"


def p_value(value: float) -> str:
    """A p value to three digits, never 0."""
    if math.isnan(value):
        return NONE
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 job, 2 jobs."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def recall_key(name: str) -> str:
    """`test/recall/falling_down` of "falling down"; this room may not import the writer's, a test compares the two."""
    return "test/recall/" + (re.sub(r"[\W_]+", "_", name.lower()).strip("_") or "_")
