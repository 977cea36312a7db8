"""Lying: on the back, the front or a side, with limbs placed at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose.simulator.motion.actors import Actor, Build
from pose.simulator.motion.kinematics import SIDES, Motion
from pose.simulator.motion.rotations import Floats, apply, rotation, tilt
from pose.simulator.motion.signals import wander

BACK, FRONT, LEFT, RIGHT = range(4)
_DIRECTION = np.array([np.pi, 0.0, np.pi / 2, -np.pi / 2])
"""Where the head of a body goes that tips over from upright into each posture, from its own front."""


@dataclass(frozen=True, slots=True)
class Rest:
    """A posture on the floor.

    Args:
        kind: BACK, FRONT, LEFT (on the left side) or RIGHT.
        angle: radians between the trunk and the vertical.
        height: metres of the pelvis's middle above the floor.
        legs: [2, 3] from hip to ankle in the pelvis's own frame, metres; heights are the floor's business.
        knees: [2, 3] to where the knees bend, in the pelvis's own frame.
        soles: [2] pitch of the feet against the shin's right angle, radians, toes down positive.
        arms: [2, 4] as in `Motion`.
        head: yaw and pitch of the head against the chest, radians.
    """

    kind: int
    angle: float
    height: float
    legs: Floats
    knees: Floats
    soles: Floats
    arms: Floats
    head: tuple[float, float]

    @property
    def direction(self) -> float:
        """Where the head went from upright, radians from the body's front."""
        return float(_DIRECTION[self.kind])

    def ankle_heights(self, build: Build) -> Floats:
        """Return the height [2] of each ankle: on the floor, or on the other leg."""
        heights = np.full(2, 0.35 * build.ankle_height + 0.03)
        if self.kind in (LEFT, RIGHT):
            heights[1 if self.kind == LEFT else 0] += 0.1
        return heights


def draw_rest(rng: np.random.Generator, build: Build, kind: int, crumpled: float) -> Rest:
    """Sample a posture of one kind; `crumpled` 0..1 is how little care limbs were placed with, as after a fall."""
    if kind in (LEFT, RIGHT):
        return _draw_side(rng, build, kind, crumpled)
    bend = rng.uniform(0.02, 0.02 + 0.3 * crumpled, 2)
    spread = rng.uniform(0.02, 0.12 + 0.25 * crumpled, 2)
    knees = np.stack([np.ones(2), 0.25 * SIDES, np.zeros(2)], axis=-1)
    if kind == BACK and rng.random() < 0.3:
        bend[rng.integers(2)] = rng.uniform(0.3, 0.42)
    if kind == FRONT:
        # A knee cannot go through the floor: it bends to the outside.
        knees = np.stack([np.full(2, -0.05), SIDES, np.zeros(2)], axis=-1)
    length = build.leg * (0.995 - bend)
    legs = np.stack([np.zeros(2), spread * SIDES * length, -length * np.cos(spread)], axis=-1)
    # Toes point up or backward; under a raised knee the sole is on the floor.
    soles = np.where(bend > 0.25, 1.5, 0.5) if kind == BACK else np.full(2, 1.25)
    arms = _draw_arms(rng, kind, crumpled)
    head = (float(rng.uniform(-0.6, 0.6)), -0.05) if kind == BACK else (float(rng.choice([-1.2, 1.2])), -0.15)
    return Rest(kind, np.pi / 2, 0.105, legs, knees, soles, arms, head)


def _draw_arms(rng: np.random.Generator, kind: int, crumpled: float) -> Floats:
    """Sample arms [2, 4] on the floor beside the body, over the head, or on the belly."""
    beside = [0.06, 0.35, 0.2, 0.1] if kind == BACK else [-0.05, 0.4, 0.2, 0.0]
    above = [0.1, 1.9, 0.4, -0.8] if kind == BACK else [0.25, 1.9, 0.5, -1.0]
    belly = [0.15, 0.3, 0.9, 0.9] if kind == BACK else [0.2, 1.3, 0.4, -1.2]
    choices = np.array([beside, above, belly])
    arms = choices[rng.choice(3, 2, p=[0.5, 0.25, 0.25])]
    return arms + rng.normal(0, 0.08 + 0.08 * crumpled, (2, 4)) * [0.4, 1.0, 1.0, 1.0]


def _draw_side(rng: np.random.Generator, build: Build, kind: int, crumpled: float) -> Rest:
    bend = rng.uniform(0.08, 0.3, 2) + rng.uniform(0, 0.1 * crumpled, 2)
    forward = rng.uniform(0.1, 0.7, 2)
    length = build.leg * (1 - bend)
    legs = np.stack([length * np.sin(forward), np.zeros(2), -length * np.cos(forward)], axis=-1)
    knees = np.tile([1.0, 0.0, 0.3], (2, 1))
    arms = np.array([[1.3, 0.05, 0.9, 0.1], [0.9, -0.65, 0.9, -0.3]]) + rng.normal(0, 0.12, (2, 4))
    arms = arms if kind == LEFT else arms[::-1]
    # The lower shoulder is broader than the hip, so the trunk is not quite level.
    return Rest(kind, 1.4, build.half_hips + 0.04, legs, knees, np.full(2, 0.35), arms, (0.0, 0.15))


def lie(rng: np.random.Generator, actor: Actor, rest: Rest, time: Floats, lively: float = 1.0) -> Motion:
    """Return lying at the origin, feet towards where the body stood, with breath and small movements.

    Args:
        rng: which movements.
        actor: who lies.
        rest: in which posture.
        time: [T] seconds.
        lively: size of the movements, 1 for somebody awake and at ease.

    Returns:
        T frames; the pelvis is at x = y = 0.
    """
    frames = len(time)
    small = lively * wander(rng, time, (8,), period=3.0)
    hips = tilt(rest.direction, rest.angle + 0.01 * small[:, 0])
    chest = tilt(rest.direction, rest.angle + 0.008 * np.sin(2 * np.pi * 0.27 * time))
    pelvis = np.tile([0.0, 0.0, rest.height], (frames, 1))
    legs = rest.legs + 0.012 * wander(rng, time, (2, 3), period=3.5) * lively
    ankles, feet = rest_legs(actor.build, rest, pelvis, hips, legs)
    arms = rest.arms + 0.06 * lively * wander(rng, time, (2, 4), period=3.0)
    return Motion(
        pelvis=pelvis,
        hips=hips,
        chest=chest,
        head=chest @ rotation(rest.head[0] + 0.12 * small[:, 2], rest.head[1] + 0.04 * small[:, 3]),
        ankles=ankles,
        feet=feet,
        knees=apply(hips[:, None], rest.knees),
        arms=arms,
    )


def rest_legs(build: Build, rest: Rest, pelvis: Floats, hips: Floats, legs: Floats) -> tuple[Floats, Floats]:
    """Return ankles [T, 2, 3] and feet [T, 2, 3, 3] of legs that lie on the floor beside a pelvis."""
    local = legs + build.half_hips * SIDES[:, None] * [0.0, 1.0, 0.0]
    ankles = pelvis[:, None] + apply(hips[:, None], local)
    ankles[..., 2] = rest.ankle_heights(build)
    return ankles, hips[:, None] @ rotation(0.25 * SIDES, rest.soles)
