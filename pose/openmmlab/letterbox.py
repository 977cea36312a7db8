"""Batches of frames as a detector's test pipeline prepares them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pose.errors import DataError
from pose.interfaces import Image

_PASSIVE = ("LoadImageFromFile", "LoadImageFromNDArray", "LoadAnnotations", "PackDetInputs")


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Resizing with the sides' ratio kept, and a border to the right and below.

    Args:
        scale: width and height, in either order, that the picture fits into.
        keep_ratio: whether the sides' ratio is kept.
        pad_size: width and height that are filled up to; None for no fixed size.
        pad_to_square: whether it is filled up to a square.
        pad_divisor: each side is filled up to a multiple of this.
        pad_value: of the border: blue, green, red.

    Example:
        >>> batch, facts = Letterbox(scale=(320, 320), pad_size=(320, 320)).apply([np.zeros((480, 640, 3), np.uint8)])
        >>> batch.shape, facts["scale_factor"]
        ((1, 320, 320, 3), (0.5, 0.5))
    """

    scale: tuple[int, int]
    keep_ratio: bool = True
    pad_size: tuple[int, int] | None = None
    pad_to_square: bool = False
    pad_divisor: int = 1
    pad_value: tuple[float, ...] = (0, 0, 0)

    @classmethod
    def of_pipeline(cls, pipeline: Sequence[Any], input_size: tuple[int, int] | None) -> Letterbox:
        """Build from the steps of a test pipeline.

        Args:
            pipeline: of an `mmengine.Config`.
            input_size: width and height in place of the configuration's; None for those.

        Raises:
            DataError: there is a step that is not known here.
        """
        letterbox = None
        for step in pipeline:
            name = step["type"].rpartition(".")[2]
            if name == "Resize":
                scale = input_size or tuple(step["scale"])
                letterbox = cls(scale=scale, keep_ratio=step.get("keep_ratio", False))
            elif name == "Pad" and letterbox:
                letterbox = letterbox._padded(step, input_size)
            elif name not in _PASSIVE:
                raise DataError(f"the detector's test pipeline has a step {name}: only Resize and then Pad are known")
        if letterbox is None:
            raise DataError("the detector's test pipeline has no Resize")
        return letterbox

    def _padded(self, step: Any, input_size: tuple[int, int] | None) -> Letterbox:
        value = step.get("pad_val", 0)
        value = value["img"] if isinstance(value, dict) else value
        size = step.get("size")
        return replace(
            self,
            pad_size=(input_size or tuple(size)) if size else None,
            pad_to_square=step.get("pad_to_square", False),
            pad_divisor=step.get("size_divisor") or 1,
            pad_value=tuple(value) if isinstance(value, list | tuple) else (value,) * 3,
        )

    def apply(self, images: Sequence[Image]) -> tuple[Image, dict[str, Any]]:
        """Resize pictures of one size into one batch.

        Args:
            images: `[H, W, 3]` each.

        Returns:
            `[N, h, w, 3]` uint8, and what MMDet's data samples are to say of them.
        """
        import cv2

        height, width = images[0].shape[:2]
        inner = self._inner_size(width, height)
        outer = self._outer_size(inner)
        batch = np.empty((len(images), outer[1], outer[0], 3), np.uint8)
        if inner != outer:
            batch[:] = np.asarray(self.pad_value, np.uint8)
        for image, target in zip(images, batch, strict=True):
            target[: inner[1], : inner[0]] = (
                image if inner == (width, height) else cv2.resize(image, inner, interpolation=cv2.INTER_LINEAR)
            )
        return batch, {
            "img_id": 0,
            "ori_shape": (height, width),
            "img_shape": (outer[1], outer[0]),
            "scale_factor": (inner[0] / width, inner[1] / height),
        }

    def _inner_size(self, width: int, height: int) -> tuple[int, int]:
        """Return the resized width and height, as `mmcv.imrescale` rounds them."""
        if not self.keep_ratio:
            return self.scale
        factor = min(max(self.scale) / max(width, height), min(self.scale) / min(width, height))
        return int(width * factor + 0.5), int(height * factor + 0.5)

    def _outer_size(self, inner: tuple[int, int]) -> tuple[int, int]:
        outer = self.pad_size or inner
        outer = max(outer[0], inner[0]), max(outer[1], inner[1])
        if self.pad_to_square:
            outer = (max(inner),) * 2
        width, height = (-(-side // self.pad_divisor) * self.pad_divisor for side in outer)
        return width, height
