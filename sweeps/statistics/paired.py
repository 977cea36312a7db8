"""Means, paired differences and their intervals and tests; every function takes one number a run, or a pair."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

EXACT_PAIRS = 20  # up to which all 2^n signs are tried
_FLIPS = 100_000  # drawn beyond that
_CHUNK = 1 << 14
_ROUNDING = 1e-9  # sums that differ by less, relative to the largest, are the same sum added up in another order


@dataclass(frozen=True)
class Interval:
    """From low to high, in the unit of the values."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Check whether a value lies inside or on an end."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Paired:
    """The mean of n paired differences with its interval, tests and effect sizes; NaN where n is too small for one.

    Attributes:
        differences: `[n]`, in the unit of the values.
        mean: of them.
        sd: standard deviation with n - 1; 0 where the differences are equal up to rounding.
        interval: Student's, of the mean; NaN to NaN for fewer than two.
        p_t: two-sided, of the paired t-test.
        p_sign_flip: two-sided, of the sign-flip permutation test.
        p_corrected: two-sided, of the corrected resampled t-test.
        d_z: Cohen's effect size, mean / sd.
        g_z: the same without its bias (Hedges).
    """

    differences: NDArray[np.float64]
    mean: float
    sd: float
    interval: Interval
    p_t: float
    p_sign_flip: float
    p_corrected: float
    d_z: float
    g_z: float

    @property
    def n(self) -> int:
        """The number of pairs."""
        return len(self.differences)

    @property
    def varies(self) -> bool:
        """Whether the differences differ: equal ones say nothing about how far off their mean may be."""
        return self.n > 1 and self.sd > 0


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Interval:
    """Return Student's interval of the mean of independent values; NaN to NaN for fewer than two.

    Args:
        values: `[n]`.
        confidence: in (0, 1).

    Example:
        >>> interval = mean_interval([0.90, 0.92, 0.94])
        >>> print(f"{interval.low:.2f} to {interval.high:.2f}")
        0.87 to 0.97
    """
    data = np.asarray(values, dtype=np.float64)
    if len(data) < 2:
        return Interval(math.nan, math.nan)
    half = stats.t.ppf((1 + confidence) / 2, len(data) - 1) * data.std(ddof=1) / math.sqrt(len(data))
    return Interval(float(data.mean() - half), float(data.mean() + half))


def compare_paired(differences: ArrayLike, confidence: float = 0.95, test_ratio: float = math.nan) -> Paired:
    """Compare two sides by their paired differences: mean, interval, tests and effect sizes.

    Args:
        differences: `[n]`, at least one.
        confidence: of the interval, in (0, 1).
        test_ratio: test windows for each training window, for the corrected t-test; NaN where that is not known.

    Example:
        >>> result = compare_paired([4.0, 3.0, 3.0, 4.0, 4.0])
        >>> print(f"{result.mean:.2f}, {result.interval.low:.2f} to {result.interval.high:.2f}")
        3.60, 2.92 to 4.28
        >>> result.n, result.p_sign_flip
        (5, 0.0625)
    """
    data = np.asarray(differences, dtype=np.float64)
    n, mean = len(data), float(data.mean())
    sd = _spread(data) if n > 1 else math.nan
    d_z = mean / sd if n > 1 and sd > 0 else math.nan
    return Paired(
        data,
        mean,
        sd,
        mean_interval(data, confidence),
        t_test(data),
        sign_flip_test(data) if n > 1 else math.nan,
        t_test(data, test_ratio) if not math.isnan(test_ratio) else math.nan,
        d_z,
        d_z * hedges_correction(n - 1) if n > 1 else math.nan,
    )


def t_test(differences: ArrayLike, test_ratio: float = 0.0) -> float:
    """Return the two-sided p of the paired t-test, and with `test_ratio` of the corrected resampled one.

    Training sets of resampled splits overlap, so that the differences of their runs are not independent; Nadeau and
    Bengio, Inference for the generalization error, Machine Learning 52, 2003, section 3, replace the variance's 1/n by
    1/n + n_test/n_train.

    Args:
        differences: `[n]`.
        test_ratio: n_test / n_train; 0 for the ordinary test.

    Returns:
        p, or NaN for fewer than two, or for equal differences.

    Example:
        >>> print(f"{t_test([1, 2, 3, 4, 5]):.4f}, corrected {t_test([1, 2, 3, 4, 5], test_ratio=0.25):.4f}")
        0.0132, corrected 0.0474
    """
    data = np.asarray(differences, dtype=np.float64)
    n = len(data)
    sd = _spread(data) if n > 1 else 0.0
    if sd == 0:
        return math.nan
    t = data.mean() / (sd * math.sqrt(1 / n + test_ratio))
    return float(2 * stats.t.sf(abs(t), n - 1))


def _spread(data: NDArray[np.float64]) -> float:
    """Return the standard deviation with n - 1, but 0 where it is nothing but rounding."""
    sd = float(data.std(ddof=1))
    return sd if sd > _ROUNDING * float(np.abs(data).max()) else 0.0


def sign_flip_test(differences: ArrayLike, seed: int = 0) -> float:
    """Return the two-sided p of the permutation test that flips the signs of paired differences.

    Without an effect each difference is as likely as its negative. p is the share of all 2^n choices of signs whose
    mean is at least as far from 0 as the observed one: exact up to n = 20, beyond that estimated from 100,000
    drawn ones, the observed one counted in (Phipson and Smyth 2010), so that it is never 0.

    Args:
        differences: `[n]`, at least one.
        seed: of the draws.

    Example:
        Of the 32 choices of five signs two have a mean as far from 0, all plus and all minus:

        >>> sign_flip_test([4, 3, 3, 4, 4])
        0.0625
    """
    data = np.asarray(differences, dtype=np.float64)
    n = len(data)
    scale = np.abs(data).sum()
    seen = abs(data.sum()) - _ROUNDING * scale
    if n > EXACT_PAIRS:
        return _drawn_flips(data, seen, seed)
    # The signs and their opposites give the same distance, so the first sign stays.
    count = 1 << (n - 1)
    hits = 0
    for start in range(0, count, _CHUNK):
        codes = np.arange(start, min(start + _CHUNK, count))
        signs = 1.0 - 2.0 * ((codes[:, None] >> np.arange(n)) & 1)
        hits += int((np.abs(signs @ data) >= seen).sum())
    return hits / count


def _drawn_flips(data: NDArray[np.float64], seen: float, seed: int) -> float:
    draw = np.random.default_rng(seed)
    hits = 0
    for start in range(0, _FLIPS, _CHUNK):
        signs = draw.choice([-1.0, 1.0], (min(_CHUNK, _FLIPS - start), len(data)))
        hits += int((np.abs(signs @ data) >= seen).sum())
    return (hits + 1) / (_FLIPS + 1)


def hedges_correction(degrees: int) -> float:
    """Return the factor that takes the bias out of a standardised mean difference (Hedges 1981, exact form).

    Args:
        degrees: of freedom of the standard deviation, at least 1; with 1 the factor is 0.

    Example:
        >>> print(f"{hedges_correction(4):.4f}")
        0.7979
    """
    if degrees < 2:
        return 0.0
    logarithm = special.gammaln(degrees / 2) - special.gammaln((degrees - 1) / 2)
    return float(math.exp(logarithm) / math.sqrt(degrees / 2))
