"""The six actions as scenes on the stage."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pose.simulator.motion.actors import Actor
from pose.simulator.motion.falling import fall_from
from pose.simulator.motion.gait import draw_gait, walk
from pose.simulator.motion.kinematics import INDEX, solve
from pose.simulator.motion.lifting import carry, lift
from pose.simulator.motion.lying import BACK, FRONT, LEFT, RIGHT, draw_rest, lie
from pose.simulator.motion.path import draw_path
from pose.simulator.motion.pendulum import KINDS, draw_fall
from pose.simulator.motion.rotations import Floats, rotation
from pose.simulator.motion.standing import stand

ACTIONS = ("carrying", "falling down", "walking", "lifting", "standing", "lying down")
FPS = 30.0
STAGE = 4.0
"""Metres from the middle of the stage to each of its sides."""
SHORTEST = 150
LONGEST = 300
"""Frames of the shortest and longest recordings, 5 and 10 seconds."""

Scene = Callable[[np.random.Generator, Actor, Floats], Floats]


def perform(rng: np.random.Generator, actor: Actor, action: str, frames: int) -> Floats:
    """Let an actor perform an action on the stage.

    Args:
        rng: which of the possible performances it is.
        actor: who.
        action: one of `ACTIONS`.
        frames: how many at 30 a second. Fewer than 150 are a cut out of 5 seconds, of a fall around the landing.

    Returns:
        World joints [frames, 25, 3] in metres as in `body.JOINTS`; the floor is z = 0, the stage's middle x = y = 0.
    """
    joints = _SCENES[action](rng, actor, np.arange(max(frames, SHORTEST)) / FPS)
    spare = len(joints) - frames
    if action == "falling down" and spare:
        # What comes before and after could be any other action: the landing is in the cut, two thirds into it.
        landing = int(np.argmin(np.diff(joints[:, INDEX["pelvis"], 2])))
        begin = int(np.clip(landing - 2 * frames // 3, 0, spare))
    else:
        begin = int(rng.integers(spare + 1))
    return joints[begin : begin + frames]


def _walking(rng: np.random.Generator, actor: Actor, time: Floats) -> Floats:
    gait = draw_gait(rng, actor)
    path = draw_path(rng, 3.2, gait.speed * float(time[-1]))
    return solve(actor.build, walk(actor, gait, path, time))


def _carrying(rng: np.random.Generator, actor: Actor, time: Floats) -> Floats:
    gait = draw_gait(rng, actor, slower=float(rng.uniform(0.82, 0.98)))
    path = draw_path(rng, 3.2, gait.speed * float(time[-1]))
    return solve(actor.build, carry(rng, actor, gait, path, time))


def _standing(rng: np.random.Generator, actor: Actor, time: Floats) -> Floats:
    return _place(rng, solve(actor.build, stand(rng, actor, time)), 3.2)


def _lifting(rng: np.random.Generator, actor: Actor, time: Floats) -> Floats:
    # A recording begins up to 0.6 s into the moment of standing before the body goes down.
    return _place(rng, solve(actor.build, lift(rng, actor, time + rng.uniform(0, 0.6))), 3.0)


def _lying(rng: np.random.Generator, actor: Actor, time: Floats) -> Floats:
    kind = int(rng.choice([BACK, FRONT, LEFT, RIGHT], p=[0.45, 0.15, 0.2, 0.2]))
    rest = draw_rest(rng, actor.build, kind, crumpled=float(rng.uniform(0, 0.4)))
    return _place(rng, solve(actor.build, lie(rng, actor, rest, time)), 2.6)


def _falling(rng: np.random.Generator, actor: Actor, time: Floats) -> Floats:
    """Return falls: half out of walking, mostly to the front, half out of standing, to anywhere."""
    onset = float(rng.uniform(0.15, 0.45)) * float(time[-1])
    walks = rng.random() < 0.5
    kind = int(rng.choice(KINDS, p=[0.5, 0.2, 0.15, 0.15] if walks else [0.25, 0.35, 0.2, 0.2]))
    held = np.append(np.minimum(time, onset), onset)
    if walks:
        gait = draw_gait(rng, actor)
        path = draw_path(rng, 2.2, gait.speed * onset)
        before, heading = walk(actor, gait, path, held), float(path.at(gait.speed * onset)[1])
        speed = gait.speed * rotation(heading)[:2, 0]
    else:
        before, heading, speed = stand(rng, actor, held, restless=1.8), 0.0, np.zeros(2)
    fall = draw_fall(rng, actor.build, kind, onset, heading)
    joints = solve(actor.build, fall_from(rng, actor, before, fall, time, speed))
    return joints if walks else _place(rng, joints, 2.2)


_SCENES: dict[str, Scene] = dict(
    zip(ACTIONS, (_carrying, _falling, _walking, _lifting, _standing, _lying), strict=True)
)


def _place(rng: np.random.Generator, joints: Floats, extent: float) -> Floats:
    """Turn a performance at the origin anywhere, and put it within `extent` metres of the stage's middle lines."""
    turn = rotation(rng.uniform(-np.pi, np.pi))
    placed: Floats = joints.reshape(-1, 3) @ turn.T + np.append(rng.uniform(-extent, extent, 2), 0.0)
    return placed.reshape(joints.shape)
