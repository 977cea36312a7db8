"""The way down: a pendulum over the feet whose leg gives way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose.simulator.motion.actors import Build
from pose.simulator.motion.lying import BACK, FRONT, LEFT, RIGHT, Rest, draw_rest
from pose.simulator.motion.rotations import Floats

GRAVITY = 9.81
RESISTANCE = 0.65
"""Part of gravity's moment that muscles take up, so that the pelvis lands at the 2.55 +- 0.85 m/s that Hsiao &
Robinovitch (1998) measured; unresisted it would be over 4."""
PIVOT_SHIFT = 0.6
"""How near to the foot in the way, 0 for between both feet, 1 for over that foot."""
KINDS = (FRONT, BACK, LEFT, RIGHT)


@dataclass(frozen=True, slots=True)
class Fall:
    """One fall.

    Args:
        onset: seconds at which balance is lost.
        duration: seconds from there to the impact of the pelvis (Hsiao & Robinovitch 1998: 0.715 +- 0.16).
        direction: radians, to where on the stage the body falls.
        leg: hip to ankle at impact, as a fraction of the leg's length.
        lag: seconds by which the trunk lands after the pelvis.
        rest: the posture it ends in.
    """

    onset: float
    duration: float
    direction: float
    leg: float
    lag: float
    rest: Rest

    @property
    def impact(self) -> float:
        """Seconds at which the pelvis lands."""
        return self.onset + self.duration


def draw_fall(rng: np.random.Generator, build: Build, kind: int, onset: float, heading: float) -> Fall:
    """Sample a fall of one kind that begins at `onset` seconds, of somebody who faces `heading` (radians).

    To the front the legs stay nearly straight, so the way down is longer, and takes longer; else they give way, as
    in most of Hsiao & Robinovitch's falls.
    """
    straight = kind == FRONT
    middle = 1.05 if straight else 0.76
    duration = float(np.clip(rng.normal(middle, 0.07), middle - 0.12, middle + 0.15))
    leg = float(rng.uniform(0.9, 0.97) if straight else rng.uniform(0.5, 0.75))
    rest = draw_rest(rng, build, kind, crumpled=float(rng.uniform(0.3, 1.0)))
    direction = heading + rest.direction + float(np.clip(rng.normal(0, 0.2), -0.5, 0.5))
    return Fall(onset, duration, direction, leg, float(rng.uniform(0.05, 0.18)), rest)


def descent(time: Floats, duration: float, length: float, start: float = 0.0) -> Floats:
    """Return the course of a pendulum that is pushed over, from 0 at time 0 to 1 at `duration`.

    For small angles theta'' = (g' / length) theta + push, so theta goes as a sum of sinh(rate t), for the speed it
    starts with, and of cosh(rate t) - 1, for the push; g' is what muscles that try to stay upright leave of gravity.

    Args:
        time: [T] seconds.
        duration: seconds.
        length: metres from pivot to pelvis.
        start: course a second at time 0; as much of it is taken as leaves a fifth of the way to the push.

    Returns:
        [T], held at 0 before and at 1 after.
    """
    rate = np.sqrt((1 - RESISTANCE) * GRAVITY / length)
    t = rate * np.clip(time, 0, duration)
    coasted = min(start / rate * float(np.sinh(rate * duration)), 0.8)
    pushed = (np.cosh(t) - 1) / (np.cosh(rate * duration) - 1)
    course: Floats = coasted * np.sinh(t) / np.sinh(rate * duration) + (1 - coasted) * pushed
    return course


def pivot(feet: Floats, direction: float) -> Floats:
    """Return the point [3] to fall over: between the feet [2, 3], nearer to the one that is in the way."""
    towards = np.array([np.cos(direction), np.sin(direction), 0.0])
    middle: Floats = feet.mean(axis=0)
    return middle + PIVOT_SHIFT * float(np.ptp(feet @ towards)) / 2 * towards


def pelvis_way(
    build: Build, held: Floats, start: Floats, foot: Floats, fall: Fall, time: Floats, speed: Floats
) -> Floats:
    """Return the way of a falling pelvis: round the point it falls over, while the leg shortens.

    Args:
        build: of the body.
        held: [T, 3] metres, where the pelvis is until the onset.
        start: [3] where it is at the onset.
        foot: [3] the point it falls over.
        fall: how.
        time: [T] seconds.
        speed: [2] metres a second at the onset.

    Returns:
        [T, 3] metres.
    """
    towards = np.array([np.cos(fall.direction), np.sin(fall.direction), 0.0])
    aside = np.array([-towards[1], towards[0], 0.0])
    arm = start - foot
    drop = fall.rest.height - foot[2]
    end_length = fall.leg * build.leg
    ahead = arm @ towards
    first, last = np.arctan2(ahead, arm[2]), np.arctan2(np.sqrt(end_length**2 - drop**2), drop)
    since = time - fall.onset
    begin = float(np.hypot(ahead, arm[2]))
    # Speed towards the fall tips the body over; any other fades out.
    onward = max(float(speed @ towards[:2]), 0.0)
    course = descent(since, fall.duration, begin, onward / begin / (last - first))
    angle = first + (last - first) * course
    # The leg gives way first, and steadily; how fast the body tips at the end is what it lands with.
    given = np.clip(since / fall.duration, 0, 1)
    length = begin + (end_length - begin) * given * given * (3 - 2 * given)
    out = foot + (length * np.sin(angle))[:, None] * towards + ((1 - course) * (arm @ aside))[:, None] * aside
    out[:, 2] = foot[2] + length * np.cos(angle)
    out[:, :2] += (speed - onward * towards[:2]) * (fall.duration * given * (1 - given) ** 2)[:, None]
    # Flesh gives and pushes back once, by centimetres.
    after = np.clip((time - fall.impact) / 0.2, 0, 1)
    out[:, 2] += 0.02 * np.sin(np.pi * after) ** 2
    return np.where((since > 0)[:, None], out, held)
