"""Shadows on the floor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pose.rendering.background import Background
from pose.rendering.rasterizer import Floats32
from pose.simulator.motion.kinematics import INDEX
from pose.simulator.motion.rotations import Floats

# Limbs and trunk as lines, and how thick they are in metres.
_LINES = (
    *(
        (f"{side}_{a}", f"{side}_{b}", thick)
        for side in ("left", "right")
        for a, b, thick in (
            ("shoulder", "elbow", 0.1),
            ("elbow", "wrist", 0.08),
            ("hip", "knee", 0.15),
            ("knee", "ankle", 0.1),
            ("heel", "toe", 0.08),
            ("hip", "shoulder", 0.2),
        )
    ),
    ("neck", "pelvis", 0.24),
    ("neck", "head_top", 0.16),
)
_STARTS = np.array([INDEX[line[0]] for line in _LINES])
_ENDS = np.array([INDEX[line[1]] for line in _LINES])
_THICK = np.array([line[2] for line in _LINES])
_DARKNESS = 0.55
_FINE = 4
"""Bits of a fraction of a pixel in what OpenCV draws."""


def cast_shadows(colours: Floats32, background: Background, people: Sequence[Floats]) -> None:
    """Darken the floor where people are between it and the light.

    Args:
        colours: `[H, W, 3]` of the room; changed.
        background: the room.
        people: joints `[25, 3]` of each, metres.
    """
    import cv2

    camera, light = background.camera, background.light
    mask = np.zeros(colours.shape[:2], np.uint8)
    for joints in people:
        on_floor = joints - joints[:, 2:] / light[2] * light
        on_floor[:, 2] = 0
        pixels, depth = camera.project(on_floor)
        if depth.min() < 0.5 or np.abs(pixels).max() > 4000:
            continue
        thick = np.maximum(_THICK * camera.K[0, 0] / depth[_STARTS], 1).round().astype(int).tolist()
        fine = np.round(pixels * 2**_FINE).astype(int)
        for start, end, width in zip(fine[_STARTS].tolist(), fine[_ENDS].tolist(), thick, strict=True):
            cv2.line(mask, start, end, 255, width, cv2.LINE_AA, _FINE)
    if not mask.any():
        return
    x, y, width, height = cv2.boundingRect(mask)
    window = (slice(max(y - 6, 0), y + height + 6), slice(max(x - 6, 0), x + width + 6))
    soft = cv2.GaussianBlur(mask[window], (0, 0), 2.0) * background.floor[window]
    colours[window] *= (1 - (_DARKNESS * (1 - background.ambient) + 0.15) / 255 * soft)[..., None]
