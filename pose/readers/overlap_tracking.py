"""Tracking by the overlap of boxes, for files without person numbers, and cutting of tracks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pose.boxes import Floats, box_overlap, overlaps

Ints = npt.NDArray[np.int64]

_SMOOTHING = 0.4  # weight of the newest step in a person's speed


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
    """
    ids = np.zeros(len(frames), np.int64)
    if _is_one_person(frames, boxes, max_gap, min_overlap):
        return ids
    people = _People(max_gap, min_overlap)
    bounds: Sequence[int] | Ints = np.flatnonzero(np.diff(frames, prepend=-1, append=-1)) if len(frames) else []
    for start, end in pairwise(bounds):
        ids[start:end] = people.follow(int(frames[start]), np.asarray(boxes[start:end], np.float64))
    return ids


def _is_one_person(frames: Ints, boxes: Floats, max_gap: int, min_overlap: float) -> bool:
    """Return whether there is at most one box a frame, each matching the last: the usual case, decided at once."""
    steps = np.diff(frames)
    if not ((steps > 0) & (steps <= max_gap + 1)).all():
        return False
    return bool((box_overlap(boxes[:-1], boxes[1:]) >= min_overlap).all())


class _People:
    """The people seen so far."""

    def __init__(self, max_gap: int, min_overlap: float) -> None:
        self.max_gap = max_gap
        self.min_overlap = min_overlap
        self.count = 0
        self.ids = np.empty(0, np.int64)
        self.seen = np.empty(0, np.int64)  # the frame
        self.boxes = np.empty((0, 4))
        self.speeds = np.empty((0, 2))  # of the box's middle, pixels a frame

    def follow(self, frame: int, boxes: npt.NDArray[np.float64]) -> Ints:
        """Return the track number of each person in a frame, `[n]`; new ones where nobody fits."""
        self._forget(frame)
        person_of = np.full(len(boxes), -1)
        if len(self.ids):
            free = np.ones(len(self.ids), np.bool_)
            ahead = self.speeds * (frame - self.seen)[:, None]
            self._match(self.boxes + ahead[:, [0, 1, 0, 1]], boxes, person_of, free)
            self._match(self.boxes, boxes, person_of, free)
        self._update(frame, boxes, person_of)
        ids: Ints = self.ids[person_of]
        return ids

    def _forget(self, frame: int) -> None:
        kept = frame - self.seen <= self.max_gap + 1
        if not kept.all():
            self.ids, self.seen = self.ids[kept], self.seen[kept]
            self.boxes, self.speeds = self.boxes[kept], self.speeds[kept]

    def _match(self, expected: Floats, boxes: Floats, person_of: Ints, free: npt.NDArray[np.bool_]) -> None:
        """Match unassigned boxes with free people, in place."""
        open_boxes, people = (person_of < 0).nonzero()[0], free.nonzero()[0]
        if not len(open_boxes) or not len(people):
            return
        shared = overlaps(expected[people], boxes[open_boxes])
        shared[shared < self.min_overlap] = 0
        rows, columns = _best_pairs(shared)
        good = shared[rows, columns] > 0
        person_of[open_boxes[columns[good]]] = people[rows[good]]
        free[people[rows[good]]] = False

    def _update(self, frame: int, boxes: npt.NDArray[np.float64], person_of: Ints) -> None:
        known = np.flatnonzero(person_of >= 0)
        people = person_of[known]
        steps = (_middles(boxes[known]) - _middles(self.boxes[people])) / (frame - self.seen[people])[:, None]
        self.speeds[people] += _SMOOTHING * (steps - self.speeds[people])
        self.boxes[people], self.seen[people] = boxes[known], frame
        new = np.flatnonzero(person_of < 0)
        if not len(new):
            return
        person_of[new] = len(self.ids) + np.arange(len(new))
        self.ids = np.concatenate([self.ids, self.count + np.arange(len(new))])
        self.count += len(new)
        self.seen = np.concatenate([self.seen, np.full(len(new), frame)])
        self.boxes = np.concatenate([self.boxes, boxes[new]])
        self.speeds = np.concatenate([self.speeds, np.zeros((len(new), 2))])


def _best_pairs(shared: npt.NDArray[np.float64]) -> tuple[Ints, Ints]:
    """Return rows and columns of the pairs with the greatest sum."""
    possible = shared > 0
    if (possible.sum(axis=0) <= 1).all() and (possible.sum(axis=1) <= 1).all():
        rows, columns = possible.nonzero()  # nothing to weigh
        return rows, columns
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(shared, maximize=True)
    return rows, columns


def _middles(boxes: Floats) -> Floats:
    return (boxes[:, :2] + boxes[:, 2:]) / 2


def cut_tracks(frames: Ints, ids: Ints, max_gap: int, min_frames: int) -> tuple[list[Ints], int]:
    """Divide detections into unbroken tracks.

    Args:
        frames: `[N]` ascending frame numbers.
        ids: `[N]` who it is, nobody twice in a frame.
        max_gap: frames that a person may be unseen within a track.
        min_frames: frames in which a person must be seen for a track to count.

    Returns:
        Tracks as ascending indices into `frames`, in the order in which they begin; and how many were too short.
    """
    order = np.lexsort((frames, ids))
    new = (np.diff(ids[order]) != 0) | (np.diff(frames[order]) > max_gap + 1)
    tracks = np.split(order, np.flatnonzero(new) + 1) if len(order) else []
    kept = sorted((track for track in tracks if len(track) >= min_frames), key=lambda track: int(track[0]))
    return kept, len(tracks) - len(kept)


def choose_tracks(tracks: Sequence[Ints], frames: Ints, max_people: int) -> list[Ints]:
    """Keep at most `max_people` at a time, those that are seen in the most frames.

    Args:
        tracks: as `cut_tracks` gives them.
        frames: `[N]` frame numbers that they point into.
        max_people: at a time.

    Returns:
        Those of the tracks, in the same order, that are never more than `max_people` at a time.
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
