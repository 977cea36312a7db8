"""Walking paths: a racetrack of two straights and two turns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pose.simulator.motion.rotations import Floats


@dataclass(frozen=True, slots=True)
class Path:
    """A racetrack round the middle of the stage, measured by arc length.

    Args:
        half: metres, half a straight.
        radius: metres, of both turns.
        start: metres along the track at which the walk begins; 0 is the beginning of a straight.
        turn: +1 to the left, -1 to the right.
        yaw: radians, direction of the first straight.
    """

    half: float
    radius: float
    start: float
    turn: float
    yaw: float

    def at(self, distance: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Return places [..., 2] in metres and headings [...] in radians (unwrapped) after `distance` [...] metres."""
        straight, bend = 2 * self.half, np.pi * self.radius
        s = np.asarray(distance, dtype=float) + self.start
        lap = np.floor(s / (straight + bend))
        s = s - lap * (straight + bend)
        angle = np.maximum(s - straight, 0) / self.radius
        x = np.minimum(s, straight) - self.half + self.radius * np.sin(angle)
        y = -self.radius * np.cos(angle)
        # Every other half lap is the same half, seen from the other side.
        back = 1 - 2 * (lap % 2)
        x, y = back * x, back * y * self.turn
        c, s_yaw = np.cos(self.yaw), np.sin(self.yaw)
        return np.stack([c * x - s_yaw * y, s_yaw * x + c * y], axis=-1), self.yaw + self.turn * (angle + lap * np.pi)


def draw_path(rng: np.random.Generator, extent: float, distance: float) -> Path:
    """Sample a track on which a walk of `distance` metres stays within `extent` metres of the stage's middle."""
    radius = float(rng.uniform(0.6, 1.1))
    half = extent - radius
    # Half the walks that fit on a straight stay on it; the others begin anywhere.
    fits = distance < 2 * half and rng.random() < 0.5
    room = 2 * half - distance if fits else 2 * half
    return Path(
        half, radius, float(rng.uniform(0, room)), float(rng.choice([-1, 1])), float(rng.uniform(-np.pi, np.pi))
    )
