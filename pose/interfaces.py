"""Interfaces of detectors, estimators and trackers, and the values that they exchange."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
"""`[H, W, 3]`, blue, green, red, as OpenCV and OpenMMLab have it."""
Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Boxes:
    """Persons' boxes in one picture.

    Args:
        xyxy: `[N, 4]` x1, y1, x2, y2 in pixels.
        scores: `[N]` in 0..1.
    """

    xyxy: Array
    scores: Array

    def __len__(self) -> int:
        return len(self.xyxy)


@dataclass(frozen=True, eq=False, slots=True)
class Poses:
    """Persons' key points in one picture.

    Args:
        keypoints: `[N, V, 2]` pixels.
        scores: `[N, V]` in 0..1.
        boxes: of the same N persons.
    """

    keypoints: Array
    scores: Array
    boxes: Boxes

    def __len__(self) -> int:
        return len(self.keypoints)


@dataclass(frozen=True, eq=False, slots=True)
class Crops:
    """Persons cut out of pictures, as a top-down network takes them.

    Args:
        pixels: `[N, h, w, 3]` uint8, blue, green, red.
        to_picture: `[N, 2, 3]` float64, what takes a crop's pixels (x, y, 1) back to the picture's.
    """

    pixels: Image
    to_picture: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.pixels)


class Model(Protocol):
    """Base of every detector and estimator."""

    @property
    def identity(self) -> Mapping[str, object]:
        """All that its results depend on, as plain values for JSON: name, architecture, hash of the weights, settings.

        No path, host or time: results of equal identities are kept together.
        """


class Detector(Model, Protocol):
    """Finds persons."""

    def detect(self, images: Sequence[Image]) -> list[Boxes]:
        """Return the persons in each picture, best first; the caller chooses the batch size."""


class TopDownEstimator(Model, Protocol):
    """Finds the joints of one person in a box."""

    @property
    def skeleton(self) -> str:
        """Layout of the joints, a name in `pose.skeletons`."""

    def crop(self, image: Image, boxes: Array) -> Crops:
        """Cut the boxes `[N, 4]` out of a picture."""

    def estimate(self, crops: Crops) -> tuple[Array, Array]:
        """Return key points `[N, V, 2]` in their pictures' pixels, and scores `[N, V]`; one batch for the network."""


class WholePictureEstimator(Model, Protocol):
    """Finds everybody's joints at once: bottom-up or one-stage, without a detector."""

    @property
    def skeleton(self) -> str:
        """Layout of the joints, a name in `pose.skeletons`."""

    def find(self, images: Sequence[Image]) -> list[Poses]:
        """Return everybody in each picture, best first."""


class Tracker(Model, Protocol):
    """Follows people from frame to frame."""

    def follow(self, frame: int, poses: Poses) -> Ints:
        """Return the track number of each person of a frame, `[N]`, unique; -1 for somebody who is to be dropped.

        Frames come in ascending order. Those without anybody may be left out: people are unseen in them all the same.
        """


class Settings:
    """Base of frozen dataclasses whose kind and fields are all that their results depend on."""

    __slots__ = ()
    kind: ClassVar[str]

    @property
    def identity(self) -> Mapping[str, object]:
        """Its kind and settings."""
        settings: Any = self
        return {"name": self.kind, **asdict(settings)}
