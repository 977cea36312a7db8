"""Positions of surveillance cameras."""

from __future__ import annotations

import numpy as np

from pose.simulator.sensing.cameras import Camera, aim_camera

IMAGE_SIZE = (640, 360)


def sample_camera(rng: np.random.Generator, name: str = "C01", image_size: tuple[int, int] = IMAGE_SIZE) -> Camera:
    """Sample a camera: 5 to 9.5 m from the stage's middle, 1.3 to 5 m high, and hung a little askew."""
    angle, distance = rng.uniform(-np.pi, np.pi), rng.uniform(5.0, 9.5)
    height = rng.choice([rng.uniform(1.3, 2.4), rng.uniform(2.4, 5.0)], p=[0.35, 0.65])
    position = np.array([distance * np.cos(angle), distance * np.sin(angle), height])
    aim = np.array([0.0, 0.0, 0.7]) + rng.normal(0, [0.4, 0.4, 0.15])
    # Between 53 and 98 degrees across, the narrower the farther away.
    focal = image_size[0] * float(rng.uniform(0.55, 0.8)) * (distance / 7) ** 0.7
    return aim_camera(name, position, aim, focal, float(rng.normal(0, 0.035)), image_size)
