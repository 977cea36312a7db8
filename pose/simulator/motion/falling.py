"""Falls: the way down, the impact, and lying on the floor."""

from __future__ import annotations

import numpy as np

from pose.simulator.motion.actors import Actor, Build
from pose.simulator.motion.kinematics import Motion, lift_off_floor
from pose.simulator.motion.lying import BACK, FRONT, LEFT, RIGHT, lie
from pose.simulator.motion.pendulum import Fall, pelvis_way, pivot
from pose.simulator.motion.rotations import Floats, blend, rotation, tilt
from pose.simulator.motion.signals import ease

# Arms that break a fall, by kind: flexion, abduction, elbow, inwards.
_BRACE = {
    FRONT: np.array([[1.25, 0.2, 0.6, 0.1]] * 2),
    BACK: np.array([[-0.6, 0.6, 0.5, 0.0]] * 2),
    LEFT: np.array([[0.2, 0.9, 0.5, 0.0], [0.9, 0.4, 0.6, 0.2]]),
    RIGHT: np.array([[0.9, 0.4, 0.6, 0.2], [0.2, 0.9, 0.5, 0.0]]),
}


def fall_from(
    rng: np.random.Generator, actor: Actor, before: Motion, fall: Fall, time: Floats, speed: Floats
) -> Motion:
    """Return the motion of a falling body.

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
    since = np.clip((time - fall.onset) / fall.duration, 0, None)
    foot = pivot(planted[-1], fall.direction)
    pelvis = pelvis_way(build, before.pelvis[:last], before.pelvis[last], foot, fall, time, speed)
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
    )


def _plant(build: Build, before: Motion, since: Floats, speed: Floats) -> tuple[Floats, Floats]:
    """Return ankles and feet; one that is off the floor at the onset steps forward onto it within 0.25 s."""
    last = len(since)
    start, feet = before.ankles[last], before.feet[last]
    yaw = np.arctan2(feet[:, 1, 0], feet[:, 0, 0])
    flat = rotation(yaw)
    end = lift_off_floor(build, np.concatenate([start[:, :2], np.zeros((2, 1))], axis=1), flat)
    end[:, :2] += np.clip((start[:, 2:] - build.ankle_height) * 4, 0, 0.5) * speed * 0.5
    w = ease(since / 0.25)[:, None]
    ankles = before.ankles[:last] + w[..., None] * (end - start)
    return ankles, blend(before.feet[:last], flat[None], np.repeat(w, 2, axis=1))


def _rest_on_stage(rng: np.random.Generator, actor: Actor, fall: Fall, time: Floats, pelvis: Floats) -> Motion:
    """Return the rest's motion, turned to where the body fell and moved under the pelvis."""
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
    """Return orientations [T, 3, 3]: from those before, tipped over along with the fall, to those at rest."""
    course = np.clip(since, 0, 1) ** 1.8
    facing = fall.direction - fall.rest.direction
    tipped = tilt(np.full_like(course, fall.direction), fall.rest.angle * course, facing)
    mixed = blend(before, tipped, ease(since / 0.6))
    return blend(mixed, rest, ease((landed + 0.05) / 0.4))
