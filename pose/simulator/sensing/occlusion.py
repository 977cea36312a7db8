"""Self-occlusion: joints that the body itself hides from a camera."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pose.simulator.motion.kinematics import COCO_JOINTS, INDEX
from pose.simulator.motion.rotations import Floats

Floats32 = npt.NDArray[np.float32]

EVERY = 3
"""Frames from one look at what hides what to the next; between them it is interpolated."""

# Capsules of flesh: both ends (a tuple of joints is their middle) and the radius in metres.
_CAPSULES = (
    (("pelvis",), ("neck",), 0.13),
    (("left_ear", "right_ear"), ("left_ear", "right_ear"), 0.095),
    (("left_hip",), ("left_knee",), 0.075),
    (("right_hip",), ("right_knee",), 0.075),
    (("left_knee",), ("left_ankle",), 0.05),
    (("right_knee",), ("right_ankle",), 0.05),
)
_STARTS = np.array([[INDEX[ends[0][0]], INDEX[ends[0][-1]]] for ends in _CAPSULES])
_ENDS = np.array([[INDEX[ends[1][0]], INDEX[ends[1][-1]]] for ends in _CAPSULES])
_RADII = np.array([capsule[2] for capsule in _CAPSULES], dtype=np.float32)


def occlusion(pixels: Floats, depth: Floats, focal: Floats) -> Floats32:
    """Return how far each joint is behind a part of its own body.

    Trunk, head, thighs and shins are capsules. A joint is hidden by one if in the picture it is within the
    capsule's outline, and it is farther away than the capsule's axis by more than half its radius.

    Args:
        pixels: [W, T, 25, 2] joints as W cameras see them.
        depth: [W, T, 25] metres.
        focal: [W] focal lengths in pixels.

    Returns:
        [W, T, 17] float32, 0 in full view to 1 hidden.
    """
    frames = pixels.shape[1]
    looks = np.minimum(np.arange(0, frames + EVERY, EVERY), frames - 1)
    hidden = _hidden(pixels[:, looks].astype(np.float32), depth[:, looks].astype(np.float32), focal.astype(np.float32))
    at = np.arange(frames) // EVERY
    weight = (np.arange(frames) % EVERY / EVERY).astype(np.float32)[:, None]
    return hidden[:, at] * (1 - weight) + hidden[:, at + 1] * weight


def _hidden(pixels: Floats32, depth: Floats32, focal: Floats32) -> Floats32:
    joints, joint_depth = pixels[:, :, : len(COCO_JOINTS)], depth[:, :, : len(COCO_JOINTS)]
    starts, ends = pixels[:, :, _STARTS].mean(axis=3), pixels[:, :, _ENDS].mean(axis=3)
    start_depth, end_depth = depth[:, :, _STARTS].mean(axis=3), depth[:, :, _ENDS].mean(axis=3)
    hidden: Floats32 = np.zeros(joint_depth.shape, dtype=np.float32)
    for i, radius in enumerate(_RADII):
        along = ends[:, :, i] - starts[:, :, i]
        square = (along**2).sum(axis=-1) + 1e-6
        dx = joints[..., 0] - starts[:, :, i, None, 0]
        dy = joints[..., 1] - starts[:, :, i, None, 1]
        u = np.clip((dx * along[..., None, 0] + dy * along[..., None, 1]) / square[..., None], 0, 1)
        dx -= u * along[..., None, 0]
        dy -= u * along[..., None, 1]
        axis_depth = start_depth[:, :, i, None] + u * (end_depth - start_depth)[:, :, i, None]
        outline = radius * focal[:, None, None] / axis_depth
        inside = np.clip((1 - np.sqrt(dx * dx + dy * dy) / outline) * 4, 0, 1)
        behind = np.clip((joint_depth - axis_depth) / radius * 2 - 0.5, 0, 1)
        np.maximum(hidden, inside * behind, out=hidden)
    return hidden
