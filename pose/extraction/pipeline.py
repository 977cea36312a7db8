"""Frames of one segment -> people: detect, crop, estimate in batches, remove duplicates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice, pairwise
from typing import cast

import numpy as np

from pose.extraction.components import Parts
from pose.extraction.detections import People
from pose.extraction.interpolate_boxes import boxes_between
from pose.interfaces import Array, Boxes, Crops, Detector, Image, Poses, TopDownEstimator, WholePictureEstimator
from pose.skeletons import get_skeleton


def find_people(
    frames: Iterator[Image], first: int, parts: Parts, advance: Callable[[int], None]
) -> tuple[People, int]:
    """Find everybody in a stretch of footage.

    Batches hold only frames, and people, of this stretch, so that the result depends on nothing else: people are
    detected in its first frame and every n-th from there on (`Parts.detect_every`), and in its last.

    Args:
        frames: `[H, W, 3]` uint8 each; blue, green, red.
        first: number of the first one.
        parts: what is used.
        advance: called with every number of frames that is done.

    Returns:
        The people, and how many frames there were.
    """
    found: _TopDown | _WholePicture = _TopDown(parts) if parts.top_down else _WholePicture(parts)
    count = 0
    while batch := list(islice(frames, parts.frames_at_once)):
        found.add(batch)
        count += len(batch)
        advance(len(batch))
        del batch  # so that it is gone while the next is gathered
    poses = [parts.nms.keep(poses) for poses in found.poses()]
    joints = get_skeleton(parts.estimator.skeleton).num_joints
    return People.of(range(first, first + count), poses, joints), count


class _WholePicture:
    """Runs an estimator that finds everybody at once."""

    def __init__(self, parts: Parts) -> None:
        self.estimator = cast(WholePictureEstimator, parts.estimator)
        self._poses: list[Poses] = []

    def add(self, images: Sequence[Image]) -> None:
        for group in _same_size(images):
            self._poses += self.estimator.find(group)

    def poses(self) -> list[Poses]:
        return self._poses


class _TopDown:
    """Runs a detector, and an estimator on its boxes."""

    def __init__(self, parts: Parts) -> None:
        self.detector = cast(Detector, parts.detector)
        self.estimator = cast(TopDownEstimator, parts.estimator)
        self.detect_every = parts.detect_every
        self.batch_size = parts.people_per_batch
        self._key: Boxes  # of the last frame in which people were detected
        self._behind: list[Image] = []  # frames since that one: their boxes depend on the next, too
        self._boxes: list[Boxes] = []
        self._waiting: list[Crops] = []
        self._estimated: list[tuple[Array, Array]] = []

    def add(self, images: Sequence[Image]) -> None:
        """Add the next frames; the length of all additions but the last is a multiple of `detect_every`."""
        steps = [images[start : start + self.detect_every] for start in range(0, len(images), self.detect_every)]
        for (image, *behind), boxes in zip(steps, self._detect([step[0] for step in steps]), strict=True):
            self._reach(image, boxes)
            self._behind = behind

    def _detect(self, images: Sequence[Image]) -> list[Boxes]:
        return [boxes for group in _same_size(images) for boxes in self.detector.detect(group)]

    def _reach(self, image: Image, boxes: Boxes) -> None:
        """Add a frame with detections, after the frames since the last such one, whose boxes are interpolated."""
        if self._behind:
            moved = boxes_between(self._key, boxes, len(self._behind) + 1)
            for one, between in zip(self._behind, moved, strict=True):
                self._cut_out(one, between)
        self._cut_out(image, boxes)
        self._key = boxes

    def _cut_out(self, image: Image, boxes: Boxes) -> None:
        self._boxes.append(boxes)
        if not len(boxes):
            return
        self._waiting.append(self.estimator.crop(image, boxes.xyxy))
        while sum(map(len, self._waiting)) >= self.batch_size:
            self._estimate(self.batch_size)

    def _estimate(self, count: int) -> None:
        """Estimate the joints of the first `count` pending people."""
        waiting = _joined(self._waiting)
        self._waiting = [_part(waiting, slice(count, None))] if len(waiting) > count else []
        self._estimated.append(self.estimator.estimate(_part(waiting, slice(0, count))))

    def poses(self) -> list[Poses]:
        """Return the people of each frame, once all frames are added: the last one is always detected in."""
        if self._behind:
            last = self._behind.pop()
            self._reach(last, *self._detect([last]))
            self._behind = []
        if self._waiting:
            self._estimate(self.batch_size)
        joints = get_skeleton(self.estimator.skeleton).num_joints
        keypoints = np.concatenate([np.empty((0, joints, 2), np.float32), *(k for k, _ in self._estimated)])
        scores = np.concatenate([np.empty((0, joints), np.float32), *(s for _, s in self._estimated)])
        ends = np.cumsum([0, *map(len, self._boxes)])
        rows = [slice(start, end) for start, end in pairwise(ends.tolist())]
        return [Poses(keypoints[row], scores[row], boxes) for row, boxes in zip(rows, self._boxes, strict=True)]


def _same_size(images: Sequence[Image]) -> Iterator[list[Image]]:
    """Return runs of pictures of one size: only those go into one batch."""
    return (list(group) for _, group in groupby(images, key=lambda image: image.shape))


def _joined(crops: Sequence[Crops]) -> Crops:
    return Crops(np.concatenate([c.pixels for c in crops]), np.concatenate([c.to_picture for c in crops]))


def _part(crops: Crops, rows: slice) -> Crops:
    return Crops(crops.pixels[rows], crops.to_picture[rows])
