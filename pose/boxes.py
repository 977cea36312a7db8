"""Boxes of people (x1, y1, x2, y2) and their intersection over union."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pose.interfaces import Floats


def overlaps(first: Floats, second: Floats) -> npt.NDArray[np.float64]:
    """Return the intersection over union of every box with every other.

    Args:
        first: `[N, 4]` boxes x1, y1, x2, y2.
        second: `[M, 4]`.

    Returns:
        `[N, M]` in 0..1; 0 where both boxes are empty.

    Example:
        >>> boxes = np.array([[0.0, 0.0, 2.0, 2.0], [1.0, 0.0, 3.0, 2.0]])
        >>> overlaps(boxes, boxes).round(2)
        array([[1.  , 0.33],
               [0.33, 1.  ]])
    """
    return box_overlap(first[:, None], second[None])


def box_overlap(first: Floats, second: Floats) -> npt.NDArray[np.float64]:
    """Return the intersection over union of boxes `[..., 4]`, pair by pair."""
    width = np.minimum(first[..., 2], second[..., 2]) - np.maximum(first[..., 0], second[..., 0])
    height = np.minimum(first[..., 3], second[..., 3]) - np.maximum(first[..., 1], second[..., 1])
    shared = np.where((width > 0) & (height > 0), width * height, 0)
    union = _area(first) + _area(second) - shared
    return shared / np.where(union > 0, union, 1)


def _area(boxes: Floats) -> Floats:
    width, height = boxes[..., 2] - boxes[..., 0], boxes[..., 3] - boxes[..., 1]
    return np.where((width > 0) & (height > 0), width * height, 0)


def key_point_boxes(keypoints: Floats) -> Floats:
    """Return the boxes around the finite joints of each pose, `[N, 4]` x1, y1, x2, y2; zeros where there are none.

    Example:
        >>> key_point_boxes(np.array([[[1.0, 5.0], [3.0, 2.0], [np.nan, np.nan]]]))
        array([[1., 2., 3., 5.]], dtype=float32)
    """
    low = np.where(np.isnan(keypoints), np.inf, keypoints).min(axis=1)
    high = np.where(np.isnan(keypoints), -np.inf, keypoints).max(axis=1)
    boxes: Floats = np.concatenate([low, high], axis=1)
    return np.where(np.isfinite(boxes), boxes, 0).astype(np.float32)
