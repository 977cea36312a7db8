"""The complete frame as one person's box, for footage that shows one person and little else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pose.interfaces import Boxes, Image


class WholeFrameDetector:
    """Returns each picture's frame as the box of one person; no detection.

    Example:
        >>> [boxes] = WholeFrameDetector().detect([np.zeros((480, 640, 3), np.uint8)])
        >>> boxes.xyxy
        array([[  0.,   0., 640., 480.]], dtype=float32)
    """

    @property
    def identity(self) -> Mapping[str, object]:
        """Its name: nothing else changes its boxes."""
        return {"box": "whole frame"}

    def detect(self, images: Sequence[Image]) -> list[Boxes]:
        """Return one box a picture, with score 1.

        Args:
            images: `[H, W, 3]` each.
        """
        return [_around(image) for image in images]


def _around(image: Image) -> Boxes:
    height, width = image.shape[:2]
    return Boxes(np.array([[0, 0, width, height]], np.float32), np.ones(1, np.float32))
