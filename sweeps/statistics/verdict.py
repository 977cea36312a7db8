"""The rule by which a claim holds, does not hold, or cannot be told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sweeps.statistics.paired import Interval, Paired


class Verdict(StrEnum):
    """Whether a claim holds, by the runs."""

    HOLDS = "holds"
    FAILS = "does not hold"
    UNKNOWN = "cannot be told"


@dataclass(frozen=True)
class Judgement:
    """A verdict and its reason in words."""

    verdict: Verdict
    reason: str


def judge(result: Paired, claimed: Interval | None = None) -> Judgement:
    """Decide on the claim that a mean difference is positive, perhaps of a certain size.

    Holds: the whole interval is above 0. Does not hold: the whole interval is below 0, or it reaches 0 and ends below
    the claimed size. Otherwise it cannot be told, as with fewer than two pairs, or with differences that are all the
    same. An interval above 0 that excludes the claimed size confirms the direction and refutes the size: the reason
    says so.

    Args:
        result: of the differences, signed so that the claim is about positive ones.
        claimed: the claimed size, in the same unit; None where none was claimed.

    Example:
        >>> from sweeps.statistics.paired import compare_paired
        >>> print(judge(compare_paired([4.0, 3.0, 3.0, 4.0, 4.0])).verdict)
        holds
        >>> judgement = judge(compare_paired([4.0, -3.0, 3.0]))
        >>> print(f"{judgement.verdict}: {judgement.reason}")
        cannot be told: the interval has 0 in it
    """
    if result.n < 2:
        return Judgement(Verdict.UNKNOWN, "fewer than two pairs have no spread, and so no interval")
    if not result.varies:
        return Judgement(
            Verdict.UNKNOWN, "all differences are the same: they may be one experiment repeated, which has no interval"
        )
    low, high = result.interval.low, result.interval.high
    if low > 0:
        return Judgement(Verdict.HOLDS, "the whole interval is on the claim's side" + _size(low, high, claimed))
    if high < 0:
        return Judgement(Verdict.FAILS, "the whole interval is on the other side")
    if claimed is not None and high < claimed.low:
        return Judgement(Verdict.FAILS, "the interval reaches 0 and excludes the claimed size")
    return Judgement(Verdict.UNKNOWN, "the interval has 0 in it" + (_within(high, claimed) if claimed else ""))


def _size(low: float, high: float, claimed: Interval | None) -> str:
    if claimed is None:
        return ""
    if high < claimed.low:
        return ", but excludes the claimed size: the effect is smaller than claimed"
    if low > claimed.high:
        return ", but excludes the claimed size: the effect is larger than claimed"
    return ", and the claimed size is in it"


def _within(high: float, claimed: Interval) -> str:
    return " and the claimed size too" if high >= claimed.low else ""
