"""Tracking by the overlap of boxes, for files without person numbers, and cutting of tracks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from pose.boxes import box_overlap, overlaps
from pose.interfaces import Floats, Ints
from pose.trackers.association import Association


def track_by_overlap(frames: Ints, boxes: Floats, max_gap: int, min_overlap: float) -> Ints:
    """Track people by the overlap of their boxes.

    From frame to frame the pairs of person and box with the greatest overlap in sum are taken (Hungarian method, as
    SORT does, Bewley et al., ICIP 2016). A person's box is expected where its speed so far would carry it, so that two
    who cross keep their numbers; who is not found there is looked for where it was seen last.

    Args:
        frames: `[N]` ascending frame numbers.
        boxes: `[N, 4]` x1, y1, x2, y2.
        max_gap: frames that a person may be unseen; after more it counts as another.
        min_overlap: intersection over union, above 0, below which two boxes are never the same person.

    Returns:
        `[N]` a number for each person, none twice in a frame.

    Example:
        >>> boxes = np.array([[0, 0, 9, 9], [20, 0, 29, 9], [21, 0, 30, 9], [1, 0, 10, 9]], np.float32)
        >>> track_by_overlap(np.array([0, 0, 1, 1]), boxes, max_gap=10, min_overlap=0.3)
        array([0, 1, 1, 0])
    """
    ids = np.zeros(len(frames), np.int64)
    if _is_one_person(frames, boxes, max_gap, min_overlap):
        return ids
    tracker = _OverlapTracker(max_gap, min_overlap, num_points=2)
    bounds: Sequence[int] | Ints = np.flatnonzero(np.diff(frames, prepend=-1, append=-1)) if len(frames) else []
    for start, end in pairwise(bounds):
        ids[start:end] = tracker.follow(int(frames[start]), boxes[start:end])
    return ids


def _is_one_person(frames: Ints, boxes: Floats, max_gap: int, min_overlap: float) -> bool:
    """Return whether there is at most one box a frame, each matching the last: the usual case, decided at once."""
    steps = np.diff(frames)
    if not ((steps > 0) & (steps <= max_gap + 1)).all():
        return False
    return bool((box_overlap(boxes[:-1], boxes[1:]) >= min_overlap).all())


class _OverlapTracker(Association):
    """Tracks boxes, whose two corners are the points that a person's place is given by."""

    def follow(self, frame: int, boxes: Floats) -> Ints:
        """Return the track number of each person in a frame, `[N]`; new ones where nobody fits."""
        return self._associate(frame, np.asarray(boxes, np.float64).reshape(-1, 2, 2), np.zeros(len(boxes)))

    def _similarity(self, expected: Floats, places: Floats, areas: Floats) -> Floats:
        return overlaps(expected.reshape(-1, 4), places.reshape(-1, 4))

    def _steps(self, before: Floats, after: Floats) -> Floats:
        steps: Floats = after.mean(axis=1) - before.mean(axis=1)
        return steps


def cut_tracks(frames: Ints, ids: Ints, max_gap: int, min_frames: int) -> tuple[list[Ints], int]:
    """Divide detections into unbroken tracks.

    Args:
        frames: `[N]` ascending frame numbers.
        ids: `[N]` person numbers, unique within a frame.
        max_gap: frames that a person may be unseen within a track.
        min_frames: frames in which a person must be seen for a track to count.

    Returns:
        Tracks as ascending indices into `frames`, in the order in which they begin; and how many were too short.

    Example:
        >>> tracks, too_short = cut_tracks(np.array([0, 1, 1, 9]), np.array([0, 0, 1, 0]), max_gap=2, min_frames=2)
        >>> [track.tolist() for track in tracks], too_short
        ([[0, 1]], 2)
    """
    order = np.lexsort((frames, ids))
    new = (np.diff(ids[order]) != 0) | (np.diff(frames[order]) > max_gap + 1)
    tracks = np.split(order, np.flatnonzero(new) + 1) if len(order) else []
    kept = sorted((track for track in tracks if len(track) >= min_frames), key=lambda track: int(track[0]))
    return kept, len(tracks) - len(kept)


def choose_tracks(tracks: Sequence[Ints], frames: Ints, max_people: int) -> list[Ints]:
    """Keep at most `max_people` at a time, those that are seen in the most frames.

    Args:
        tracks: as `cut_tracks` returns them.
        frames: `[N]` frame numbers that they point into.
        max_people: at a time.

    Returns:
        Those of the tracks, in the same order, that are never more than `max_people` at a time.

    Example:
        >>> tracks = [np.array([0, 1]), np.array([2, 3, 4])]
        >>> [track.tolist() for track in choose_tracks(tracks, np.array([0, 1, 0, 1, 2]), max_people=1)]
        [[2, 3, 4]]
    """
    kept: list[int] = []
    for index in sorted(range(len(tracks)), key=lambda i: -len(tracks[i])):
        first, last = frames[tracks[index][[0, -1]]]
        spans = [frames[tracks[other][[0, -1]]] for other in kept]
        # Tracks only begin at a track's own beginning or at that of one that begins during it.
        moments = [first, *(start for start, _ in spans if first < start <= last)]
        if all(sum(start <= moment <= end for start, end in spans) < max_people for moment in moments):
            kept.append(index)
    return [tracks[index] for index in sorted(kept)]
