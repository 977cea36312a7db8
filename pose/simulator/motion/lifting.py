"""Lifting a box off the floor, and carrying it about."""

from __future__ import annotations

import numpy as np

from pose.simulator.motion.actors import Actor
from pose.simulator.motion.gait import Gait, walk
from pose.simulator.motion.kinematics import SIDES, Motion
from pose.simulator.motion.path import Path
from pose.simulator.motion.rotations import Floats, rotation
from pose.simulator.motion.signals import keyframes, wander
from pose.simulator.motion.standing import plant_feet, stand

# Arms of a carrier, radians: box before the belly, before the chest, low at straight arms.
_FRONT = np.array([[0.25, 0.12, 1.35, 0.2], [0.55, 0.15, 1.5, 0.3], [0.35, 0.1, 0.35, 0.15]])
_CASE = np.array([-0.02, 0.14, 0.08, 0.05])
_SHOULDER = np.array([0.8, 0.35, 2.2, 0.15])


def carry(rng: np.random.Generator, actor: Actor, gait: Gait, path: Path, time: Floats) -> Motion:
    """Return walking with a load in both hands before the body, in one hand at the side, or on one shoulder.

    The arms that hold do not swing, and the trunk leans away from the load (Kinoshita 1985 reports 5-10 degrees for
    loads of a fifth of the body's weight).

    Args:
        rng: which load and hold this is.
        actor: who carries.
        gait: how, see `draw_gait` with `slower`.
        path: where.
        time: [T] seconds.

    Returns:
        T frames in the stage's coordinates.
    """
    motion = walk(actor, gait, path, time)
    weight = rng.uniform(0.4, 1.0)
    heading = np.arctan2(motion.hips[:, 1, 0], motion.hips[:, 0, 0])
    bob = 0.04 * np.cos(2 * np.pi * gait.cadence / 60 * time + rng.uniform(0, 6))[:, None]
    hold = rng.choice(3, p=[0.6, 0.3, 0.1])
    if hold == 0:
        motion.arms[:] = _FRONT[rng.choice(3, p=[0.55, 0.2, 0.25])] + rng.normal(0, 0.05, 4)
        motion.arms[..., 2] += bob
        motion.chest = rotation(heading, actor.style.lean - 0.14 * weight)
        return motion
    side = int(rng.integers(2))
    motion.arms[:, side] = (_CASE if hold == 1 else _SHOULDER) + rng.normal(0, 0.04, 4)
    motion.arms[:, side, 2] += bob[:, 0]
    # The free arm is held out a little, against the load.
    motion.arms[:, 1 - side, 1] += 0.25 * weight if hold == 1 else 0.0
    lean = SIDES[side] * (0.13 if hold == 1 else 0.06) * weight
    motion.chest = rotation(heading, actor.style.lean, lean)
    return motion


def lift(rng: np.random.Generator, actor: Actor, time: Floats) -> Motion:
    """Return lifting a box off the floor to the belly, and putting it down again, over and over.

    A lift is something between a squat (knees bent, trunk 30-40 degrees to the front) and a stoop (knees nearly
    straight, trunk 80-90 degrees), as in van Dieen et al. 1999; hips go back so that the body stays over the feet.

    Args:
        rng: which lift this is.
        actor: who lifts.
        time: [T] seconds.

    Returns:
        T frames at the origin, facing x.
    """
    build = actor.build
    motion = stand(rng, actor, time, restless=0.4)
    squat = float(np.clip(actor.style.squat + rng.normal(0, 0.25), 0, 1))
    down, held, grasp = _cycles(rng, actor, time)
    motion.ankles, motion.feet = plant_feet(rng, actor, len(time), wider=1.25)
    pitch = (0.62 * squat + 1.5 * (1 - squat)) * down
    # The knees lead the way up, so the trunk is still bowed when the legs are half straight.
    legs = np.maximum(down, 0) ** (1 + 0.3 * squat)  # rounding can leave it a hair below 0
    motion.pelvis[:, 2] -= (0.44 * squat + 0.1) * build.leg * legs
    motion.pelvis[:, 0] -= (0.17 * squat + 0.13) * legs + 0.06 * down
    motion.hips = rotation(0, 0.62 * pitch + 0.02)
    motion.chest = rotation(0.01 * wander(rng, time, (1,))[:, 0], 1.08 * pitch + actor.style.lean - 0.08 * held)
    motion.head = rotation(0, 0.75 * pitch + 0.25 * np.sin(np.pi * np.clip(down, 0, 1)) + actor.style.head_pitch)
    motion.knees = motion.feet[..., 0] + 0.15 * squat * down[:, None, None] * SIDES[:, None] * [0, 1, 0]
    _hold_box(rng, actor, motion, down, held, grasp)
    return motion


def _hold_box(
    rng: np.random.Generator, actor: Actor, motion: Motion, down: Floats, held: Floats, grasp: Floats
) -> None:
    """Move the hands to the box on the floor, and with it to before the belly while it is held."""
    build = actor.build
    half, handle = rng.uniform(0.14, 0.24), rng.uniform(0.12, 0.34)
    floor = np.stack([np.full(2, rng.uniform(0.28, 0.36)), half * SIDES, np.full(2, handle)], axis=-1)
    belly = np.stack([np.full(2, 0.32), half * SIDES, np.full(2, build.hip_height + rng.uniform(0.0, 0.2))], axis=-1)
    lowered = down[:, None, None]
    motion.hands = belly + lowered * (floor - belly)
    motion.hands[..., 0] += 0.08 * np.sin(np.pi * down)[:, None]
    motion.reach = np.maximum(held, grasp)[:, None] * np.ones(2)
    motion.arms = motion.arms * 0.3 + [0.1, 0.08, 0.15, 0.1]


def _cycles(rng: np.random.Generator, actor: Actor, time: Floats) -> tuple[Floats, Floats, Floats]:
    """Return how low the body is, whether the box is held, and how far the hands reach for it; [T], 0..1."""
    tempo = actor.style.tempo * rng.uniform(0.85, 1.15)
    # stand, go down, grasp, come up, hold, go down, let go, come up
    steps = rng.uniform([0.3, 0.9, 0.2, 1.0, 0.6, 1.0, 0.2, 0.9], [1.0, 1.3, 0.5, 1.6, 2.2, 1.5, 0.4, 1.2]) / tempo
    at = np.cumsum([0.0, *steps])
    time = time % at[-1]
    down = keyframes(time, at, [0, 0, 1, 1, 0, 0, 1, 1, 0])
    held = keyframes(time, at, [0, 0, 0, 1, 1, 1, 1, 0, 0])
    grasp = keyframes(time, at, [0, 0, 1, 1, 1, 1, 1, 1, 0])
    return down, held, grasp
