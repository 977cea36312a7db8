"""Effects of a cheap camera on a picture: exposure, tint, blur, noise and compression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pose.interfaces import Image


@dataclass(frozen=True, slots=True)
class CameraEffects:
    """The effects of one camera.

    Args:
        gains: of blue, green and red.
        blur: pixels, standard deviation.
        noise: standard deviation in 0..255.
        quality: of JPEG, 1..100; 0 for no compression.
    """

    gains: tuple[float, float, float]
    blur: float
    noise: float
    quality: int

    def __call__(self, rng: np.random.Generator, picture: Image) -> Image:
        """Return the picture `[H, W, 3]` as this camera records it."""
        import cv2

        seen: Any = cv2.multiply(picture, np.array((*self.gains, 0.0)))
        if self.blur > 0.2:
            seen = cv2.GaussianBlur(seen, (0, 0), self.blur)
        tile = np.round(rng.standard_normal((71, picture.shape[1], 3), dtype=np.float32) * np.float32(self.noise))
        rows = rng.integers(0, 71, picture.shape[0])
        spoilt: Image = cv2.add(seen, tile.astype(np.int16)[rows], dtype=cv2.CV_8U)
        if self.quality:
            coded = cv2.imencode(".jpg", spoilt, [cv2.IMWRITE_JPEG_QUALITY, self.quality])[1]
            spoilt = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), dtype=np.uint8)
        return spoilt


def sample_effects(rng: np.random.Generator, jpeg: bool = True) -> CameraEffects:
    """Sample effects; without JPEG where a video's own codec follows."""
    exposure, tint = rng.uniform(0.7, 1.4), rng.normal(0, 0.05, 3)
    blue, green, red = (exposure * (1 + tint)).tolist()
    blur, noise, quality = float(rng.uniform(0, 1.1)), float(rng.uniform(1, 8)), int(rng.integers(45, 95))
    return CameraEffects((blue, green, red), blur, noise, quality if jpeg else 0)
