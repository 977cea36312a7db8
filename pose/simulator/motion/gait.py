"""Walking: footholds along a path, feet that roll over them, and a body carried over the feet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose.simulator.motion.actors import Actor, Build
from pose.simulator.motion.kinematics import SIDES, Motion
from pose.simulator.motion.path import Path
from pose.simulator.motion.rotations import Floats, rotation
from pose.simulator.motion.signals import keyframes

STANCE = 0.62
"""Part of a stride for which a foot is on the floor (Murray 1964: 61 %; Winter: 60-62 %)."""

# Pitch of the foot over a stride, degrees, toes down positive: heel strike, flat, heel off, toe off, swing, next
# strike (Winter, Biomechanics and Motor Control of Human Gait, ch. 2: about -20 at strike and +60 at toe off; less
# here, since this foot does not bend at the toes).
_PITCH_AT = np.array([0.0, 0.09, 0.34, 0.62, 0.86, 1.0])
_PITCH = np.radians([-16.0, 0.0, 0.0, 40.0, -10.0, -16.0])
_LANDING = 0.46
"""Part of a step by which a foot lands ahead of the pelvis; the rest of the step, and the roll, is behind it."""
_CLEARANCE = 0.025
"""Metres by which the lowest part of a swinging foot clears the floor, at its highest."""


@dataclass(frozen=True, slots=True)
class Gait:
    """One walk.

    Args:
        cadence: steps a minute.
        step: metres from one foot's strike to the other's.
        width: metres between the ankles' paths.
        phase: of the left foot's stride at time 0, 0..1.
    """

    cadence: float
    step: float
    width: float
    phase: float

    @property
    def speed(self) -> float:
        """Metres a second."""
        return self.cadence / 60 * self.step


def draw_gait(rng: np.random.Generator, actor: Actor, slower: float = 1.0) -> Gait:
    """Sample how `actor` walks; `slower` < 1 shortens steps and lowers the cadence, as a load does."""
    cadence = actor.style.cadence * float(np.clip(rng.normal(1, 0.03), 0.94, 1.06)) * slower**0.5
    step = actor.build.stature * actor.style.step_ratio * float(np.clip(rng.normal(1, 0.03), 0.94, 1.06)) * slower
    return Gait(cadence, step, actor.style.step_width, float(rng.uniform()))


def walk(actor: Actor, gait: Gait, path: Path, time: Floats) -> Motion:
    """Return steady walking without a load.

    Args:
        actor: who walks.
        gait: how.
        path: where.
        time: [T] seconds, any.

    Returns:
        T frames in the stage's coordinates.
    """
    build, style = actor.build, actor.style
    stride = time * gait.cadence / 120 + gait.phase
    ankles, feet = _feet(actor, gait, path, stride)
    place, heading = path.at(gait.speed * time)
    cycle = 2 * np.pi * stride
    # The trunk is over the standing foot in the middle of its stance, at 0.31 of the stride.
    sideways = 0.018 * np.cos(cycle - 2 * np.pi * 0.31)
    normal = np.stack([-np.sin(heading), np.cos(heading)], axis=-1)
    lateral = sideways[:, None] * normal
    hips = rotation(heading - 0.08 * np.cos(cycle), 0.3 * style.lean, 0.05 * np.sin(cycle - 0.4))
    # Two to five centimetres, more with longer steps (Murray 1964).
    bob = -0.03 * gait.step * np.cos(2 * cycle)
    height = _pelvis_height(build, place + lateral, ankles, hips, bob)
    swing = style.arm_swing * np.cos(cycle)[:, None] * -SIDES
    arms = np.stack(
        [swing - 0.06, np.full_like(swing, 0.1), style.elbow + 0.5 * np.maximum(swing, -0.1), 0.15 + 0 * swing], axis=-1
    )
    return Motion(
        pelvis=np.concatenate([place + lateral, height[:, None]], axis=1),
        hips=hips,
        chest=rotation(heading + 0.09 * np.cos(cycle), style.lean, -0.02 * np.sin(cycle - 0.4)),
        head=rotation(heading, style.head_pitch + 0.02 * np.cos(2 * cycle)),
        ankles=ankles,
        feet=feet,
        knees=feet[..., 0] * [1, 1, 0] + 0.05 * hips[:, None, :, 0],
        arms=arms,
    )


def _feet(actor: Actor, gait: Gait, path: Path, stride: Floats) -> tuple[Floats, Floats]:
    """Return ankles [T, 2, 3] and orientations [T, 2, 3, 3] of feet that roll from heel to toe and swing forward."""
    build = actor.build
    phase = stride[:, None] + np.array([0.0, 0.5])
    count = np.floor(phase)
    phase = phase - count
    pitch = keyframes(phase.ravel(), _PITCH_AT, _PITCH).reshape(phase.shape)
    here, here_yaw = _foothold(gait, path, count, actor.style.splay)
    there, there_yaw = _foothold(gait, path, count + 1, actor.style.splay)
    u = np.clip((phase - STANCE) / (1 - STANCE), 0, 1)
    shift, height = _roll(build, pitch)
    lift_off, _ = _roll(build, np.asarray(_PITCH[3]))
    strike, _ = _roll(build, np.asarray(_PITCH[-1]))
    swings = u > 0
    start = here + np.where(swings, lift_off, shift)[..., None] * _ahead(here_yaw)
    end = there + strike * _ahead(there_yaw)
    progress = u * u * (3 - 2 * u) + 0.35 * u * (1 - u) ** 2
    ground = start + progress[..., None] * (end - start)
    height = height + _CLEARANCE * np.sin(np.pi * u)
    yaw = here_yaw + (u * u * (3 - 2 * u)) * (there_yaw - here_yaw)
    return np.concatenate([ground, height[..., None]], axis=-1), rotation(yaw, pitch)


def _foothold(gait: Gait, path: Path, count: Floats, splay: float) -> tuple[Floats, Floats]:
    """Return the ankle's place when flat [T, 2, 2], and the foot's yaw [T, 2], in each foot's stride number `count`."""
    strike_time = (count - gait.phase - np.array([0.0, 0.5])) * 120 / gait.cadence
    middle, heading = path.at(gait.speed * strike_time + _LANDING * gait.step)
    normal = np.stack([-np.sin(heading), np.cos(heading)], axis=-1)
    return middle + 0.5 * gait.width * SIDES[:, None] * normal, heading + splay * SIDES


def _ahead(yaw: Floats) -> Floats:
    return np.stack([np.cos(yaw), np.sin(yaw)], axis=-1)


def _roll(build: Build, pitch: Floats) -> tuple[Floats, Floats]:
    """Return the ankle's advance from where it is when flat, and its height, as the foot rolls over heel or toe."""
    lever = np.where(pitch > 0, -build.toe_front, build.heel_back)
    ahead = lever * (np.cos(pitch) - 1) + build.ankle_height * np.sin(pitch)
    return ahead, build.ankle_height * np.cos(pitch) - lever * np.sin(pitch)


def _pelvis_height(build: Build, ground: Floats, ankles: Floats, hips: Floats, bob: Floats) -> Floats:
    """Return the height [T] of a pelvis that bobs over the standing foot, never out of the legs' reach."""
    hip = ground[:, None] + build.half_hips * SIDES[:, None] * hips[:, None, :2, 1]
    level = ((hip - ankles[..., :2]) ** 2).sum(axis=-1)
    drop = build.half_hips * SIDES * hips[:, None, 2, 1]
    limit = ankles[..., 2] - drop + np.sqrt(np.maximum((0.995 * build.leg) ** 2 - level, 0.2))
    # One height for the whole walk, so that no leg that is too short jerks the body down in a single frame.
    return min(0.975 * build.hip_height, float((limit.min(axis=1) - bob).min())) + bob
