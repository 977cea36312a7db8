"""Falling down: a pendulum over the feet whose leg gives way, an impact, and what is left lying on the floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose.simulator.actors import Actor, Build
from pose.simulator.body import Motion, lift_off_floor
from pose.simulator.floor import BACK, FRONT, LEFT, RIGHT, Rest, draw_rest, lie
from pose.simulator.rotations import Floats, blend, rotation, tilt
from pose.simulator.signals import ease

GRAVITY = 9.81
RESISTANCE = 0.65
"""Part of gravity's moment that muscles take up, so that the pelvis lands at the 2.55 +- 0.85 m/s that Hsiao &
Robinovitch (1998) measured; unresisted it would be over 4."""
PIVOT_SHIFT = 0.6
"""How near to the foot in the way, 0 for between both feet, 1 for over that foot."""
KINDS = (FRONT, BACK, LEFT, RIGHT)

# Arms that break a fall, by kind: flexion, abduction, elbow, inwards.
_BRACE = {
    FRONT: np.array([[1.25, 0.2, 0.6, 0.1]] * 2),
    BACK: np.array([[-0.6, 0.6, 0.5, 0.0]] * 2),
    LEFT: np.array([[0.2, 0.9, 0.5, 0.0], [0.9, 0.4, 0.6, 0.2]]),
    RIGHT: np.array([[0.9, 0.4, 0.6, 0.2], [0.2, 0.9, 0.5, 0.0]]),
}


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
    """A fall of one kind that begins at `onset` seconds, of somebody who faces `heading` (radians).

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


def fall_from(
    rng: np.random.Generator, actor: Actor, before: Motion, fall: Fall, time: Floats, speed: Floats
) -> Motion:
    """Let a body fall.

    Args:
        rng: which movements are made on the floor.
        actor: who falls.
        before: [T + 1] what it does until the onset; it must not move from there on. The last frame is the onset.
        fall: how.
        time: [T] seconds, to after the impact.
        speed: [2] metres a second of the pelvis at the onset.

    Returns:
        T frames in the coordinates of `before`.
    """
    build = actor.build
    last = len(time)
    planted, flat = _plant(build, before, time - fall.onset, speed)
    pivot = _pivot(planted[-1], fall.direction)
    since = np.clip((time - fall.onset) / fall.duration, 0, None)
    pelvis = _pelvis(build, before.pelvis[:last], before.pelvis[last], pivot, fall, time, speed)
    rest = _rest_on_stage(rng, actor, fall, time, pelvis)
    settle = ease((time - fall.impact + 0.15) / 0.5)
    hips = _tipping(before.hips[:last], rest.hips, fall, since, time - fall.impact)
    chest = _tipping(before.chest[:last], rest.chest, fall, since - fall.lag / fall.duration, time - fall.impact)
    head = _tipping(before.head[:last], rest.head, fall, since - 1.5 * fall.lag / fall.duration, time - fall.impact)
    brace = ease(since / 0.75)[:, None, None]
    arms = before.arms[:last] + brace * (_BRACE[fall.rest.kind] - before.arms[:last])
    roll = ease((since - 0.35) / 0.9) if fall.rest.kind == FRONT else settle
    return Motion(
        pelvis=pelvis,
        hips=hips,
        chest=chest,
        head=head,
        ankles=planted + settle[:, None, None] * (rest.ankles - planted),
        feet=blend(flat, rest.feet, roll[:, None]),
        knees=before.knees[:last] + ease(since / 0.8)[:, None, None] * (rest.knees - before.knees[:last]),
        arms=arms + settle[:, None, None] * (rest.arms - arms),
        hands=np.zeros((last, 2, 3)),
        reach=np.zeros((last, 2)),
    )


def descent(time: Floats, duration: float, length: float, start: float = 0.0) -> Floats:
    """Course of a pendulum that is pushed over, from 0 at time 0 to 1 at `duration`.

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


def _plant(build: Build, before: Motion, since: Floats, speed: Floats) -> tuple[Floats, Floats]:
    """Ankles and feet; one that is off the floor at the onset steps forward onto it within 0.25 s."""
    last = len(since)
    start, feet = before.ankles[last], before.feet[last]
    yaw = np.arctan2(feet[:, 1, 0], feet[:, 0, 0])
    flat = rotation(yaw)
    end = lift_off_floor(build, np.concatenate([start[:, :2], np.zeros((2, 1))], axis=1), flat)
    end[:, :2] += np.clip((start[:, 2:] - build.ankle_height) * 4, 0, 0.5) * speed * 0.5
    w = ease(since / 0.25)[:, None]
    ankles = before.ankles[:last] + w[..., None] * (end - start)
    return ankles, blend(before.feet[:last], flat[None], np.repeat(w, 2, axis=1))


def _pivot(feet: Floats, direction: float) -> Floats:
    """Point [3] to fall over: between the feet [2, 3], nearer to the one that is in the way."""
    towards = np.array([np.cos(direction), np.sin(direction), 0.0])
    middle: Floats = feet.mean(axis=0)
    return middle + PIVOT_SHIFT * float(np.ptp(feet @ towards)) / 2 * towards


def _pelvis(
    build: Build, held: Floats, start: Floats, pivot: Floats, fall: Fall, time: Floats, speed: Floats
) -> Floats:
    """Way [T, 3] of the pelvis: round the pivot while the leg shortens, with the speed it had fading out."""
    towards = np.array([np.cos(fall.direction), np.sin(fall.direction), 0.0])
    aside = np.array([-towards[1], towards[0], 0.0])
    arm = start - pivot
    drop = fall.rest.height - pivot[2]
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
    out = pivot + (length * np.sin(angle))[:, None] * towards + ((1 - course) * (arm @ aside))[:, None] * aside
    out[:, 2] = pivot[2] + length * np.cos(angle)
    out[:, :2] += (speed - onward * towards[:2]) * (fall.duration * given * (1 - given) ** 2)[:, None]
    # Flesh gives and pushes back once, by centimetres.
    after = np.clip((time - fall.impact) / 0.2, 0, 1)
    out[:, 2] += 0.02 * np.sin(np.pi * after) ** 2
    way: Floats = np.where((since > 0)[:, None], out, held)
    return way


def _rest_on_stage(rng: np.random.Generator, actor: Actor, fall: Fall, time: Floats, pelvis: Floats) -> Motion:
    """The rest's motion, turned to where the body fell and moved under the pelvis."""
    motion = lie(rng, actor, fall.rest, time, lively=float(rng.uniform(0.3, 1.6)))
    turn = rotation(fall.direction - fall.rest.direction)
    motion.hips, motion.chest, motion.head = turn @ motion.hips, turn @ motion.chest, turn @ motion.head
    motion.feet = turn @ motion.feet
    motion.knees = motion.knees @ turn.T
    ankles = motion.ankles @ turn.T
    ankles[..., :2] += pelvis[-1, :2]
    motion.ankles = ankles
    return motion


def _tipping(before: Floats, rest: Floats, fall: Fall, since: Floats, landed: Floats) -> Floats:
    """Orientations [T, 3, 3]: from what they were, tipped over along with the fall, to what they rest in."""
    course = np.clip(since, 0, 1) ** 1.8
    facing = fall.direction - fall.rest.direction
    tipped = tilt(np.full_like(course, fall.direction), fall.rest.angle * course, facing)
    mixed = blend(before, tipped, ease(since / 0.6))
    return blend(mixed, rest, ease((landed + 0.05) / 0.4))
