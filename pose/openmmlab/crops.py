"""Crops of persons, as MMPose's top-down networks are trained on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pose.errors import DataError
from pose.interfaces import Array, Crops, Image

_PASSIVE = ("LoadImage", "PackPoseInputs")
_SMALLEST = 1.0  # pixels; a box without an extent has no crop


@dataclass(frozen=True, slots=True)
class Cropper:
    """MMPose's GetBBoxCenterScale and TopdownAffine for many boxes.

    Args:
        size: width and height of a crop.
        padding: how much larger than the box the part of the picture is.
        udp: whether pixels' centres stand for positions (unbiased data processing, Huang et al., CVPR 2020), so that a
            crop is `size - 1` units wide.

    Example:
        >>> cropper = Cropper(size=(192, 256), padding=1.25, udp=False)
        >>> cropper.crop(np.zeros((480, 640, 3), np.uint8), np.array([[100, 100, 200, 300]], np.float32)).pixels.shape
        (1, 256, 192, 3)
    """

    size: tuple[int, int]
    padding: float
    udp: bool

    @classmethod
    def of_pipeline(cls, pipeline: Sequence[Any]) -> Cropper:
        """Build from the steps of a test pipeline.

        Args:
            pipeline: of an `mmengine.Config`.

        Raises:
            DataError: there is a step that is not known here.
        """
        steps = {step["type"].rpartition(".")[2]: step for step in pipeline}
        unknown = [name for name in steps if name not in (*_PASSIVE, "GetBBoxCenterScale", "TopdownAffine")]
        if unknown or "TopdownAffine" not in steps:
            what = f"has a step {unknown[0]}" if unknown else "has no TopdownAffine"
            raise DataError(f"the estimator's test pipeline {what}: only that of a top-down estimator is known")
        affine = steps["TopdownAffine"]
        width, height = affine["input_size"]
        padding = steps.get("GetBBoxCenterScale", {}).get("padding", 1.25)
        return cls((int(width), int(height)), padding, affine.get("use_udp", False))

    def crop(self, image: Image, boxes: Array) -> Crops:
        """Cut boxes out of a picture.

        Args:
            image: `[H, W, 3]`.
            boxes: `[N, 4]` x1, y1, x2, y2 in pixels.
        """
        import cv2

        to_crop, to_picture = self.matrices(boxes)
        pixels = np.empty((len(boxes), self.size[1], self.size[0], 3), np.uint8)
        for matrix, target in zip(to_crop, pixels, strict=True):
            cv2.warpAffine(image, matrix, self.size, dst=target, flags=cv2.INTER_LINEAR)
        return Crops(pixels, to_picture)

    def matrices(self, boxes: Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return the transforms from the picture's pixels to the crops', and back, `[N, 2, 3]` each.

        Args:
            boxes: `[N, 4]`.
        """
        boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
        centers = (boxes[:, 2:] + boxes[:, :2]) * np.float32(0.5)
        extents = np.maximum(boxes[:, 2:] - boxes[:, :2], np.float32(_SMALLEST)) * np.float32(self.padding)
        # The part of the picture has the crop's ratio of sides, and all of the box in it.
        ratio = np.float32(self.size[0] / self.size[1])
        extents = np.where(
            extents[:, :1] > extents[:, 1:] * ratio,
            np.concatenate([extents[:, :1], extents[:, :1] / ratio], axis=1),
            np.concatenate([extents[:, 1:] * ratio, extents[:, 1:]], axis=1),
        )
        to_crop = self._biased(centers, extents) if not self.udp else self._unbiased(centers, extents)
        exact = extents.astype(np.float64)
        units = np.array(self.size, np.float64) - (1 if self.udp else 0)
        return to_crop, _scaling(exact / units, centers - exact / 2)

    # Both round where MMPose rounds: warpAffine takes a pixel from elsewhere for a difference in the last digit.

    def _biased(self, centers: Array, extents: Array) -> npt.NDArray[np.float64]:
        """Return `get_warp_matrix`: from the centre, a point half a width to its left, and one as far below that."""
        import cv2

        left = centers - extents * np.array([0.5, 0], np.float32)
        below = left + (centers - left)[:, ::-1]
        width, height = self.size
        target = np.array([[width / 2, height / 2], [0, height / 2], [0, height / 2 + width / 2]], np.float32)
        points = np.stack([centers, left, below], axis=1)
        return np.array([cv2.getAffineTransform(source, target) for source in points]).reshape(-1, 2, 3)

    def _unbiased(self, centers: Array, extents: Array) -> npt.NDArray[np.float64]:
        """Return `get_udp_warp_matrix`, which is in single precision."""
        scale = (np.array(self.size, np.float32) - 1) / extents
        return _scaling(scale, scale * (extents * np.float32(0.5) - centers))

    def to_crop_pixels(self, keypoints: Array) -> Array:
        """Convert from MMPose's codecs, which take a crop to be `size` wide, to pixels of the crop.

        Args:
            keypoints: `[N, V, 2]`.
        """
        if not self.udp:
            return keypoints
        size = np.array(self.size, np.float32)
        return keypoints * ((size - 1) / size)


def _scaling(scale: npt.NDArray[Any], offset: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    matrices = np.zeros((len(scale), 2, 3))
    matrices[:, 0, 0], matrices[:, 1, 1] = scale.T
    matrices[:, :, 2] = offset
    return matrices
