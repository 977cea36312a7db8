"""Frames of one segment -> people: detect, crop, estimate in batches, remove duplicates."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice, pairwise
from typing import cast

import numpy as np

from pose.extraction.components import PoseComponents
from pose.extraction.detections import Detections
from pose.extraction.interpolate_boxes import interpolate_boxes
from pose.interfaces import Array, Boxes, Crops, Detector, Image, Poses, TopDownEstimator, WholePictureEstimator
from pose.skeletons import get_skeleton


def find_people(
    frames: Iterator[Image], first: int, components: PoseComponents, advance: Callable[[int], None]
) -> tuple[Detections, int]:
    """Find everybody in a stretch of footage.

    Batches hold only frames, and people, of this stretch, so that the result depends on nothing else: people are
    detected in its first frame and every n-th from there on (`PoseComponents.detect_every`), and in its last.

    Args:
        frames: `[H, W, 3]` uint8 each; blue, green, red.
        first: number of the first one.
        components: what is used.
        advance: called with every number of frames that is done.

    Returns:
        The people, and how many frames there were.
    """
    found: _TopDown | _WholePicture = _TopDown(components) if components.top_down else _WholePicture(components)
    count = 0
    while batch := list(islice(frames, components.frames_at_once)):
        found.add(batch)
        count += len(batch)
        advance(len(batch))
        del batch  # so that it is gone while the next is gathered
    poses = [components.nms.keep(poses) for poses in found.poses()]
    joints = get_skeleton(components.estimator.skeleton).num_joints
    return Detections.of(range(first, first + count), poses, joints), count


class _WholePicture:
    """Runs an estimator that finds everybody at once."""

    def __init__(self, components: PoseComponents) -> None:
        self.estimator = cast(WholePictureEstimator, components.estimator)
        self._poses: list[Poses] = []

    def add(self, images: Sequence[Image]) -> None:
        for group in _same_size(images):
            self._poses += self.estimator.find(group)

    def poses(self) -> list[Poses]:
        return self._poses


class _TopDown:
    """Runs a detector, and an estimator on its boxes."""

    def __init__(self, components: PoseComponents) -> None:
        self.detector = cast(Detector, components.detector)
        self.estimator = cast(TopDownEstimator, components.estimator)
        self.detect_every = components.detect_every
        self.batch_size = components.people_per_batch
        self._key_boxes: Boxes  # of the last frame in which people were detected
        self._since_key: list[Image] = []  # frames since that one: their boxes depend on the next, too
        self._boxes: list[Boxes] = []
        self._pending: list[Crops] = []
        self._estimated: list[tuple[Array, Array]] = []

    def add(self, images: Sequence[Image]) -> None:
        """Add the next frames; the length of all additions but the last is a multiple of `detect_every`."""
        steps = [images[start : start + self.detect_every] for start in range(0, len(images), self.detect_every)]
        for (image, *others), boxes in zip(steps, self._detect([step[0] for step in steps]), strict=True):
            self._add_key_frame(image, boxes)
            self._since_key = others

    def _detect(self, images: Sequence[Image]) -> list[Boxes]:
        return [boxes for group in _same_size(images) for boxes in self.detector.detect(group)]

    def _add_key_frame(self, image: Image, boxes: Boxes) -> None:
        """Add a frame with detections, after the frames since the last such one, whose boxes are interpolated."""
        if self._since_key:
            moved = interpolate_boxes(self._key_boxes, boxes, len(self._since_key) + 1)
            for one, between in zip(self._since_key, moved, strict=True):
                self._crop(one, between)
        self._crop(image, boxes)
        self._key_boxes = boxes

    def _crop(self, image: Image, boxes: Boxes) -> None:
        self._boxes.append(boxes)
        if not len(boxes):
            return
        self._pending.append(self.estimator.crop(image, boxes.xyxy))
        while sum(map(len, self._pending)) >= self.batch_size:
            self._estimate(self.batch_size)

    def _estimate(self, count: int) -> None:
        """Estimate the joints of the first `count` pending people."""
        pending = _joined(self._pending)
        self._pending = [_part(pending, slice(count, None))] if len(pending) > count else []
        self._estimated.append(self.estimator.estimate(_part(pending, slice(0, count))))

    def poses(self) -> list[Poses]:
        """Return the people of each frame, once all frames are added: the last one is always detected in."""
        if self._since_key:
            last = self._since_key.pop()
            self._add_key_frame(last, *self._detect([last]))
            self._since_key = []
        if self._pending:
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
