"""Tapered capsules drawn into a picture with a depth buffer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats32 = npt.NDArray[np.float32]
BAND = np.array([225, 235, 235], np.float32)
"""Colour of a reflecting band."""
BAND_WIDTH = 0.12
"""Of a part's length, to each side of its middle."""


class Canvas:
    """A picture being drawn.

    Args:
        colours: `[H, W, 3]` blue, green, red in 0..255; drawn over.
        depths: `[H, W]` metres along the camera's axis to what is there already, inf for what hides nothing.
        light: `[3]` unit vector to the light, in the camera's coordinates.
        ambient: part of the light that comes from everywhere, 0..1.
    """

    def __init__(self, colours: Floats32, depths: Floats32, light: Floats32, ambient: float) -> None:
        self.colours = colours
        self.depths = depths
        self.light = light
        self.ambient = np.float32(ambient)
        height, width = depths.shape
        self._x = np.arange(width, dtype=np.float32)[None]
        self._y = np.arange(height, dtype=np.float32)[:, None]

    def capsules(self, ends: Floats32, radii: Floats32, focal: float, colours: Floats32, bands: Floats32) -> None:
        """Draw capsules, the farthest first, each where it is nearer than what was there.

        Outlines are those of a weak perspective: a straight line from one end's disc to the other's.

        Args:
            ends: `[N, 2, 3]` both ends of the axes: x, y in pixels, depth in metres.
            radii: `[N, 2]` metres at both ends.
            focal: of the camera, in pixels.
            colours: `[N, 3]` blue, green, red, 0..255.
            bands: `[N]` where along it, 0..1, a band goes round; negative for none.
        """
        pixels = radii * np.float32(focal) / np.maximum(ends[..., 2], 0.1)
        low = np.floor((ends[..., :2] - pixels[..., None]).min(axis=1) - 1).astype(int)
        high = np.ceil((ends[..., :2] + pixels[..., None]).max(axis=1) + 2).astype(int)
        height, width = self.depths.shape
        low, high = np.maximum(low, 0), np.minimum(high, [width, height])
        seen = (low < high).all(axis=1) & (ends[..., 2].min(axis=1) > 0.3)
        for i in np.argsort(-ends[..., 2].mean(axis=1)):
            if seen[i]:
                window = (slice(low[i, 1], high[i, 1]), slice(low[i, 0], high[i, 0]))
                self._capsule(window, ends[i], pixels[i], radii[i], colours[i], float(bands[i]))

    def _capsule(
        self,
        window: tuple[slice, slice],
        ends: Floats32,
        pixels: Floats32,
        radii: Floats32,
        colour: Floats32,
        band: float,
    ) -> None:
        (ax, ay, az), (bx, by, bz) = ends.tolist()
        dx, dy = self._x[:, window[1]] - np.float32(ax), self._y[window[0]] - np.float32(ay)
        ex, ey = np.float32(bx - ax), np.float32(by - ay)
        square = float(ex * ex + ey * ey) + 1e-6
        u = np.clip(dx * np.float32(ex / square) + dy * np.float32(ey / square), 0, 1)
        qx, qy = dx - u * ex, dy - u * ey
        radius = pixels[0] + u * (pixels[1] - pixels[0])
        distance = np.sqrt(qx * qx + qy * qy)
        cover = np.clip(radius - distance + np.float32(0.5), 0, 1)
        near = np.sqrt(np.maximum(1 - np.square(distance / radius), 0))
        depth = np.float32(az) + u * np.float32(bz - az) - (radii[0] + u * (radii[1] - radii[0])) * near
        behind = self.depths[window]
        cover *= depth < behind
        lx, ly, lz = self.light
        lit = (qx * lx + qy * ly) / radius - near * lz
        shade = self.ambient + (1 - self.ambient) * np.maximum(lit, 0)
        surface = shade[..., None] * (colour if band < 0 else _banded(u, band, colour))
        there = self.colours[window]
        there += cover[..., None] * (surface - there)
        np.copyto(behind, depth, where=cover > 0.5)


def _banded(u: Floats32, band: float, colour: Floats32) -> Floats32:
    on = np.abs(u - np.float32(band)) < BAND_WIDTH
    return np.where(on[..., None], BAND, colour)
