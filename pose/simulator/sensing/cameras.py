"""The twelve cameras round the stage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose.simulator.motion.rotations import Floats, rotation, unit

NUM_CAMERAS = 12
IMAGE_SIZE = (1920, 1080)


@dataclass(frozen=True, eq=False, slots=True)
class Camera:
    """A calibrated pinhole camera without distortion.

    Args:
        name: "C01" to "C12".
        K: [3, 3] intrinsics in pixels, origin in the picture's top left corner.
        R: [3, 3] world to camera; the camera looks along its z, with x to the right and y down.
        t: [3] metres, so that a world point X is R X + t to the camera.
        image_size: width and height in pixels.
    """

    name: str
    K: Floats
    R: Floats
    t: Floats
    image_size: tuple[int, int] = IMAGE_SIZE

    @property
    def P(self) -> Floats:  # noqa: N802 - the field's name for K [R | t]
        """[3, 4] camera matrix K [R | t] (Hartley & Zisserman, Multiple View Geometry, section 6.1)."""
        return self.K @ np.column_stack([self.R, self.t])

    @property
    def position(self) -> Floats:
        """[3] metres: where the camera hangs."""
        return -self.R.T @ self.t

    def project(self, points: Floats) -> tuple[Floats, Floats]:
        """Project world points into the picture.

        Args:
            points: [..., 3] metres, before the camera.

        Returns:
            Pixels [..., 2], and depths [...] in metres along the camera's axis.
        """
        # One product of two plain matrices is many times faster than one of a small matrix per frame.
        seen = (points.reshape(-1, 3) @ (self.K @ self.R).T + self.K @ self.t).reshape(points.shape)
        depth = seen[..., 2]
        return seen[..., :2] / depth[..., None], depth


def stage_cameras(seed: int = 0) -> tuple[Camera, ...]:
    """Return twelve cameras every 30 degrees round the 8 m x 8 m stage, at 1.8 and 2.9 m by turns, aimed at its middle.

    Distances, heights, aims and focal lengths vary by a few per cent, as mounted by hand; depends on `seed` only.

    Example:
        >>> cameras = stage_cameras(seed=0)
        >>> pixels, depth = cameras[0].project(np.array([[0.0, 0.0, 1.0]]))  # above the middle of the stage
        >>> len(cameras), pixels.shape, bool(6 < depth[0] < 8)
        (12, (1, 2), True)
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,)))
    return tuple(_mount(rng, index) for index in range(NUM_CAMERAS))


def _mount(rng: np.random.Generator, index: int) -> Camera:
    angle = 2 * np.pi * index / NUM_CAMERAS + rng.normal(0, 0.02)
    distance, height = 6.8 + rng.normal(0, 0.1), (1.8, 2.9)[index % 2] + rng.normal(0, 0.05)
    position = np.array([distance * np.cos(angle), distance * np.sin(angle), height])
    aim = np.array([0.0, 0.0, 0.8]) + rng.normal(0, 0.05, 3)
    # 1150 pixels are 80 degrees across: the complete stage from where the camera hangs.
    focal = 1150 * (1 + rng.normal(0, 0.01))
    return aim_camera(f"C{index + 1:02d}", position, aim, focal)


def aim_camera(
    name: str,
    position: Floats,
    aim: Floats,
    focal: float,
    roll: float = 0.0,
    image_size: tuple[int, int] = IMAGE_SIZE,
) -> Camera:
    """Return a camera at `position` [3] that looks at `aim` [3], metres; `focal` in pixels, `roll` in radians."""
    forward = unit(aim - position)
    right = unit(np.cross(forward, [0.0, 0.0, 1.0]))
    rows = rotation(roll) @ np.stack([right, np.cross(forward, right), forward])
    width, height = image_size
    intrinsics = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
    return Camera(name, intrinsics, rows, -rows @ position, image_size)
