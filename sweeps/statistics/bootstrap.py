"""Bootstrap over recordings: windows of one recording stay together, and both runs see the same recordings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sweeps.statistics.paired import Interval

_AT_ONCE = 4_000_000  # counts drawn at once, of 8 bytes


def accuracy_difference(
    windows: NDArray[np.float64], gained: NDArray[np.float64], draws: int, confidence: float = 0.95, seed: int = 0
) -> Interval:
    """Return the interval of the difference of two accuracies over resampled recordings.

    It is the percentile interval of Efron and Tibshirani, An introduction to the bootstrap, 1993, chapter 13.

    Args:
        windows: `[R]`, windows of each recording, summed over the pairs of runs.
        gained: `[R]`, of those, right in the first run less right in the second.
        draws: bootstrap samples.
        confidence: in (0, 1).
        seed: of the draws.

    Returns:
        Ends in -1..1.

    Example:
        Twenty recordings of ten windows; in every other one the first run has one more right:

        >>> interval = accuracy_difference(np.full(20, 10.0), np.tile([1.0, 0.0], 10), draws=2000)
        >>> print(f"{interval.low:.2f} to {interval.high:.2f}")
        0.03 to 0.07
    """
    drawn = [(counts @ gained) / (counts @ windows) for counts in _resample(len(windows), draws, seed)]
    return _percentile_interval(np.concatenate(drawn), confidence)


def recall_difference(
    support: NDArray[np.float64],
    hits: NDArray[np.float64],
    first: NDArray[np.bool_],
    draws: int,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Return the percentile interval of the mean recall of some classes less that of the others.

    Recordings are resampled as for `accuracy_difference`.

    A sample in which a class does not occur leaves that class out of its mean.

    Args:
        support: `[R, K]`, windows of each recording by true class.
        hits: `[R, K]`, those recognised.
        first: `[K]`, which classes come first in the difference.
        draws: bootstrap samples.
        confidence: in (0, 1).
        seed: of the draws.

    Returns:
        Ends in -1..1.

    Example:
        Two classes in recordings of their own, the first recognised in 80 to 90 %, the second in 60 to 70 %:

        >>> support = np.tile([[10.0, 0.0], [0.0, 10.0]], (10, 1))
        >>> hits = np.tile([[9.0, 0.0], [0.0, 6.0], [8.0, 0.0], [0.0, 7.0]], (5, 1))
        >>> interval = recall_difference(support, hits, np.array([True, False]), draws=2000)
        >>> print(f"{interval.low:.2f} to {interval.high:.2f}")
        0.15 to 0.24
    """
    drawn = []
    for counts in _resample(len(support), draws, seed):
        windows = counts @ support
        recall = np.where(windows > 0, counts @ hits / np.maximum(windows, 1), np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = [
                np.nansum(recall[:, of], axis=1) / (~np.isnan(recall[:, of])).sum(axis=1) for of in (first, ~first)
            ]
        drawn.append(means[0] - means[1])
    differences = np.concatenate(drawn)
    return _percentile_interval(differences[~np.isnan(differences)], confidence)


def _resample(recordings: int, draws: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield how often each recording is drawn, `[some draws, R]`."""
    draw = np.random.default_rng(seed)
    rows = max(1, _AT_ONCE // recordings)
    for start in range(0, draws, rows):
        size = min(rows, draws - start)
        yield draw.multinomial(recordings, np.full(recordings, 1 / recordings), size).astype(np.float64)


def _percentile_interval(drawn: NDArray[np.float64], confidence: float) -> Interval:
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))
