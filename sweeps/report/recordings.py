"""Bootstrap intervals over the recordings of the test part, from the predictions that runs kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sweeps.report.sweep_data import FinishedJob
from sweeps.statistics.bootstrap import accuracy_difference, recall_difference
from sweeps.statistics.paired import Interval

if TYPE_CHECKING:
    from pandas import DataFrame

FEWEST = 5  # recordings, below which resampling them says nothing


def accuracy_interval(
    pairs: Sequence[tuple[FinishedJob, FinishedJob]], draws: int, confidence: float
) -> Interval | None:
    """Return the interval of an accuracy difference, in points, or None where the windows of a pair are not the same.

    Args:
        pairs: of jobs, at least one; the difference is the second one's accuracy minus the first one's.
        draws: bootstrap samples.
        confidence: in (0, 1).
    """
    import pandas as pd

    counted = []
    for first, second in pairs:
        if first.predictions is None or second.predictions is None:
            return None
        before, after = _by_recording(first.predictions), _by_recording(second.predictions)
        if not before["windows"].equals(after["windows"]):
            return None
        counted.append(after.assign(gained=after["right"] - before["right"]))
    totals = pd.concat(counted).groupby(level=0).sum()
    if len(totals) < FEWEST:
        return None
    windows, gained = (totals[name].to_numpy(np.float64) for name in ("windows", "gained"))
    return _in_points(accuracy_difference(windows, gained, draws, confidence))


def recall_interval(
    jobs: Sequence[FinishedJob], abnormal: Sequence[str], draws: int, confidence: float
) -> Interval | None:
    """Return the interval of the abnormal classes' mean recall minus that of the others, in points.

    Args:
        jobs: whose test windows are taken together, recording by recording.
        abnormal: names of classes.
        draws: bootstrap samples.
        confidence: in (0, 1).

    Returns:
        The interval; None where a run kept no predictions, or there are too few recordings.
    """
    import pandas as pd

    frames = [job.predictions for job in jobs if job.predictions is not None]
    if len(frames) < len(jobs):
        return None
    windows = pd.concat([frame.astype(str) for frame in frames])
    windows["right"] = (windows["true"] == windows["predicted"]).astype(int)
    counted = windows.groupby(["recording", "true"])["right"].agg(["size", "sum"]).unstack(fill_value=0)
    if len(counted) < FEWEST:
        return None
    first = counted["size"].columns.isin(list(abnormal))
    support, hits = (counted[name].to_numpy(np.float64) for name in ("size", "sum"))
    return _in_points(recall_difference(support, hits, first, draws, confidence))


def _by_recording(predictions: DataFrame) -> DataFrame:
    """Count the windows of each recording, and those that were recognised."""
    right = predictions["true"].astype(str) == predictions["predicted"].astype(str)
    by_recording = right.groupby(predictions["recording"].astype(str))
    return by_recording.agg(windows="size", right="sum")


def _in_points(interval: Interval) -> Interval:
    return Interval(100 * interval.low, 100 * interval.high)
