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
    """Percentile interval of the difference of two accuracies, over resampled recordings (Efron and Tibshirani 1993).

    Args:
        windows: `[R]`, windows of each recording, summed over the pairs of runs.
        gained: `[R]`, of those, right in the first run less right in the second.
        draws: bootstrap samples.
        confidence: in (0, 1).
        seed: of the draws.
    """
    found = [(counts @ gained) / (counts @ windows) for counts in _resampled(len(windows), draws, seed)]
    return _percentiles(np.concatenate(found), confidence)


def recall_difference(
    support: NDArray[np.float64],
    hits: NDArray[np.float64],
    first: NDArray[np.bool_],
    draws: int,
    confidence: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Percentile interval of mean recall of some classes less that of the others, over resampled recordings.

    A sample in which a class does not occur leaves that class out of its mean.

    Args:
        support: `[R, K]`, windows of each recording by true class.
        hits: `[R, K]`, those recognised.
        first: `[K]`, which classes come first in the difference.
        draws: bootstrap samples.
        confidence: in (0, 1).
        seed: of the draws.
    """
    found = []
    for counts in _resampled(len(support), draws, seed):
        there = counts @ support
        recall = np.where(there > 0, counts @ hits / np.maximum(there, 1), np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = [
                np.nansum(recall[:, of], axis=1) / (~np.isnan(recall[:, of])).sum(axis=1) for of in (first, ~first)
            ]
        found.append(means[0] - means[1])
    drawn = np.concatenate(found)
    return _percentiles(drawn[~np.isnan(drawn)], confidence)


def _resampled(recordings: int, draws: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """How often each recording is drawn, `[some draws, R]`."""
    draw = np.random.default_rng(seed)
    rows = max(1, _AT_ONCE // recordings)
    for start in range(0, draws, rows):
        size = min(rows, draws - start)
        yield draw.multinomial(recordings, np.full(recordings, 1 / recordings), size).astype(np.float64)


def _percentiles(found: NDArray[np.float64], confidence: float) -> Interval:
    low, high = np.quantile(found, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))
