"""Rotations as matrices, many at a time. x is forward, y left, z up; angles are radians."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def rotation(yaw: npt.ArrayLike = 0.0, pitch: npt.ArrayLike = 0.0, roll: npt.ArrayLike = 0.0) -> Floats:
    """Return Rz(yaw) Ry(pitch) Rx(roll): turn left, bow forward, lean right, the innermost first.

    Args:
        yaw: angles of any shape [...]; positive turns to the left.
        pitch: the same; positive bows forward (z towards x).
        roll: the same; positive leans to the right (z towards -y).

    Returns:
        Matrices [..., 3, 3].

    Example:
        >>> rotation(yaw=np.pi / 2).round(3) @ [1, 0, 0]  # forward, turned to the left
        array([0., 1., 0.])
    """
    y, p, r = np.broadcast_arrays(yaw, pitch, roll)
    cy, sy, cp, sp, cr, sr = np.cos(y), np.sin(y), np.cos(p), np.sin(p), np.cos(r), np.sin(r)
    out = np.empty((*y.shape, 3, 3))
    out[..., 0, 0], out[..., 0, 1], out[..., 0, 2] = cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr
    out[..., 1, 0], out[..., 1, 1], out[..., 1, 2] = sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr
    out[..., 2, 0], out[..., 2, 1], out[..., 2, 2] = -sp, cp * sr, cp * cr
    return out


def tilt(direction: npt.ArrayLike, angle: npt.ArrayLike, twist: npt.ArrayLike = 0.0) -> Floats:
    """Tip an upright body over towards a compass direction, after turning it about its own long axis.

    Args:
        direction: where the head goes, radians from x (0 forward, pi backward, pi/2 to the left), shape [...].
        angle: how far, 0 upright to pi/2 flat, shape [...].
        twist: the turn about the long axis before tipping, shape [...].

    Returns:
        Matrices [..., 3, 3].
    """
    direction = np.asarray(direction)
    return rotation(direction, angle) @ rotation(np.asarray(twist) - direction)


def apply(matrices: Floats, vectors: npt.ArrayLike) -> Floats:
    """Multiply matrices [..., 3, 3] with vectors [..., 3], broadcast against each other."""
    turned: Floats = np.matmul(matrices, np.asarray(vectors)[..., None])[..., 0]
    return turned


def length(vectors: Floats) -> Floats:
    """Return the lengths [..., 1] of vectors [..., 3]."""
    lengths: Floats = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))[..., None]
    return lengths


def unit(vectors: Floats) -> Floats:
    """Scale vectors [..., 3] to length 1."""
    return vectors / length(vectors)


def blend(a: Floats, b: Floats, weight: npt.ArrayLike) -> Floats:
    """Return rotations between `a` and `b` [..., 3, 3], at `weight` 0..1 [...], less than a half turn apart."""
    w = np.asarray(weight)[..., None, None]
    mixed = (1 - w) * a + w * b
    x = unit(mixed[..., 0])
    y = unit(np.cross(mixed[..., 2], x))
    return np.stack([x, y, np.cross(x, y)], axis=-1)
