"""Standing on two planted feet, and what it shares with lifting and falling."""

from __future__ import annotations

import numpy as np

from pose.simulator.motion.actors import Actor
from pose.simulator.motion.kinematics import SIDES, Motion
from pose.simulator.motion.rotations import Floats, rotation
from pose.simulator.motion.signals import keyframes, wander

# Arms at rest, left then right: flexion, abduction, elbow, forearm inwards; radians.
HANGING = np.array([[0.0, 0.1, 0.2, 0.1]] * 2)
_AKIMBO = np.array([[-0.55, 0.75, 1.75, 1.75]] * 2)
_FOLDED = np.array([[0.45, 0.1, 1.45, 1.05], [0.5, 0.1, 1.6, 1.05]])
_CLASPED = np.array([[0.35, 0.1, 0.75, 0.75]] * 2)
_PHONE = np.array([[0.15, 0.1, 0.25, 0.1], [0.75, 0.15, 1.7, 0.4]])
_SCRATCH = np.array([[0.0, 0.1, 0.2, 0.1], [1.1, 0.55, 2.2, 0.6]])
_GESTURES = (_AKIMBO, _FOLDED, _CLASPED, _PHONE, _SCRATCH)


def stand(rng: np.random.Generator, actor: Actor, time: Floats, restless: float = 1.0) -> Motion:
    """Return standing at the origin, facing x, with sway, shifts of weight and idle arms and head.

    Postural sway is about 0.5 cm at the hips (Winter 1995, Human balance and posture control); shifts of weight from
    leg to leg, 2-3 cm, are slower.

    Args:
        rng: which of the possible movements this is.
        actor: who stands.
        time: [T] seconds.
        restless: size of sway and shifts, 1 as usual.

    Returns:
        T frames.
    """
    build, style = actor.build, actor.style
    sway = restless * style.sway * wander(rng, time, (4,), period=2.5)
    shift = restless * 0.022 * wander(rng, time, (1,), period=6.0)[:, 0]
    pelvis = np.stack([0.006 * sway[:, 0], shift + 0.004 * sway[:, 1], np.zeros(len(time))], axis=1)
    ankles, feet = plant_feet(rng, actor, len(time))
    pelvis[:, 2] = 0.985 * build.leg + build.ankle_height - 2.0 * shift**2 - 0.3 * (pelvis[:, 0] ** 2)
    turn = 0.04 * sway[:, 2]
    look = 0.35 * wander(rng, time, (2,), period=5.0) * [1.0, 0.35]
    arms = _idle_arms(rng, actor, time) + 0.03 * wander(rng, time, (2, 4), period=2.5)
    return Motion(
        pelvis=pelvis,
        hips=rotation(turn, 0.2 * style.lean, -shift),
        chest=rotation(1.5 * turn, 0.6 * style.lean + 0.012 * sway[:, 3], 0.5 * shift),
        head=rotation(turn + look[:, 0], style.head_pitch + look[:, 1]),
        ankles=ankles,
        feet=feet,
        knees=feet[..., 0],
        arms=arms,
    )


def plant_feet(rng: np.random.Generator, actor: Actor, frames: int, wider: float = 1.0) -> tuple[Floats, Floats]:
    """Return ankles [T, 2, 3] and orientations [T, 2, 3, 3] of feet that stand beside each other at the origin."""
    build = actor.build
    half = wider * build.half_hips * rng.uniform(0.8, 1.25)
    ahead = rng.uniform(-0.06, 0.06) * SIDES
    ankles = np.stack([ahead, half * SIDES, np.full(2, build.ankle_height)], axis=-1)
    feet = rotation((actor.style.splay + rng.uniform(0, 0.15)) * SIDES)
    return np.repeat(ankles[None], frames, axis=0), np.repeat(feet[None], frames, axis=0)


def _idle_arms(rng: np.random.Generator, actor: Actor, time: Floats) -> Floats:
    """Return angles [T, 2, 4] of arms that hang, and in two of three recordings go to a gesture and perhaps back."""
    hanging = HANGING + np.array([0.0, 0.0, 0.5 * actor.style.elbow, 0.0])
    gesture = _GESTURES[rng.integers(len(_GESTURES))]
    gesture = gesture if rng.random() < 0.5 else gesture[::-1]
    gesture = gesture + rng.normal(0, 0.06, gesture.shape)
    begin, hold, move = rng.uniform(-2, 5), rng.uniform(1.5, 5), rng.uniform(0.7, 1.2) / actor.style.tempo
    if rng.random() < 1 / 3:
        return np.repeat(hanging[None], len(time), axis=0)
    at = np.cumsum([begin, move, hold, move])
    return keyframes(time, at, [hanging, gesture, gesture, hanging])
