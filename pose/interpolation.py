"""Linear interpolation of missing joints over time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def find_missing(keypoints: npt.NDArray[Any], scores: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return which joints are missing, `[T, V]`: a coordinate is not finite, or the score is 0 or NaN.

    Example:
        >>> find_missing(np.array([[[1.0, 2.0], [np.nan, 2.0]]]), np.array([[0.9, 0.9]]))
        array([[False,  True]])
    """
    finite: npt.NDArray[np.bool_] = np.isfinite(keypoints).all(axis=-1)
    return ~(finite & (scores > 0))


def interpolate_missing(keypoints: npt.NDArray[Any], missing: npt.NDArray[np.bool_]) -> None:
    """Fill missing joints of one clip in place, each linearly in time between its neighbours.

    Before the first and after the last frame in which it was found, a joint stays where it was found. A joint that is
    never found takes the mean of the found joints of its frame; a clip in which nothing was found becomes 0.

    Args:
        keypoints: `[T, V, C]` floats.
        missing: `[T, V]`, as `find_missing` returns it.

    Example:
        >>> keypoints = np.array([[[0.0, 4.0]], [[np.nan, np.nan]], [[2.0, 8.0]]])
        >>> interpolate_missing(keypoints, find_missing(keypoints, np.ones((3, 1))))
        >>> keypoints[1]
        array([[1., 6.]])
    """
    frames = np.arange(len(keypoints))
    never = missing.all(axis=0)
    for joint in np.flatnonzero(missing.any(axis=0) & ~never):
        gap = missing[:, joint]
        for axis in range(keypoints.shape[2]):
            track = keypoints[:, joint, axis]
            track[gap] = np.interp(frames[gap], frames[~gap], track[~gap])
    if never.all():
        keypoints[:] = 0
    elif never.any():
        keypoints[:, never] = keypoints[:, ~never].mean(axis=1, keepdims=True)
