"""Boxes for the frames between two detections."""

from __future__ import annotations

import numpy as np

from pose.boxes import overlaps
from pose.interfaces import Boxes

_MIN_OVERLAP = 0.1  # people move far in several frames; the assignment takes the best pairs first


def interpolate_boxes(first: Boxes, last: Boxes, steps: int) -> list[Boxes]:
    """Interpolate the boxes of frames between two in which people were detected.

    Persons are paired by the greatest overlap in sum; of a pair the box moves evenly from one place to the other. Who
    is in one of the two frames only stays for the half of the frames that is nearer to it.

    Args:
        first: persons in frame 0.
        last: persons in frame `steps`.
        steps: frames from one to the other, at least 1.

    Returns:
        The boxes of frames 1 to `steps` - 1.

    Example:
        >>> first = Boxes(np.array([[0, 0, 10, 10]], np.float32), np.array([0.5], np.float32))
        >>> last = Boxes(np.array([[2, 0, 12, 10]], np.float32), np.array([1.0], np.float32))
        >>> [between] = interpolate_boxes(first, last, steps=2)
        >>> between.xyxy.tolist(), between.scores.tolist()
        ([[1.0, 0.0, 11.0, 10.0]], [0.75])
    """
    from scipy.optimize import linear_sum_assignment

    similarity = overlaps(first.xyxy, last.xyxy)
    rows, columns = linear_sum_assignment(-similarity)
    paired = similarity[rows, columns] >= _MIN_OVERLAP
    rows, columns = rows[paired], columns[paired]
    alone = (np.setdiff1d(np.arange(len(first)), rows), np.setdiff1d(np.arange(len(last)), columns))
    between = []
    for step in range(1, steps):
        share = step / steps
        moved = (1 - share) * first.xyxy[rows] + share * last.xyxy[columns]
        sure = (1 - share) * first.scores[rows] + share * last.scores[columns]
        nearer, index = (first, alone[0]) if share <= 0.5 else (last, alone[1])
        boxes = np.concatenate([moved, nearer.xyxy[index]]).astype(np.float32)
        between.append(Boxes(boxes, np.concatenate([sure, nearer.scores[index]]).astype(np.float32)))
    return between
