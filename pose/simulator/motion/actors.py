"""The twenty actors: bodies and styles of movement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NUM_ACTORS = 20


@dataclass(frozen=True, slots=True)
class Build:
    """Lengths of one body in metres.

    The fractions of stature are those of Drillis & Contini (1966), as in Winter, Biomechanics and Motor Control of
    Human Movement, fig. 4.1: upper arm .186, forearm .146, thigh .245, shank .246, ankle above the floor .039, foot
    .152, half the shoulders .129, half the hips .0955, hip to shoulder .288.
    """

    stature: float
    thigh: float
    shank: float
    upper_arm: float
    forearm: float
    lumbar: float
    thorax: float
    half_hips: float
    half_shoulders: float
    head: float
    ankle_height: float
    heel_back: float
    toe_front: float

    @property
    def leg(self) -> float:
        """Hip to ankle with a straight knee, in metres."""
        return self.thigh + self.shank

    @property
    def hip_height(self) -> float:
        """Hips above the floor when standing with straight knees, in metres."""
        return self.leg + self.ankle_height


@dataclass(frozen=True, slots=True)
class Style:
    """The style of one person's movements.

    Args:
        cadence: steps a minute (Murray 1964 and Winter: adults 100-125).
        step_ratio: step length as a fraction of stature (Winter: 0.41, less in a room).
        step_width: metres between the ankles' paths.
        splay: how far the toes point outwards, radians.
        lean: of the trunk to the front, radians.
        arm_swing: amplitude at the shoulder, radians.
        elbow: how far the elbow is bent when the arm hangs, radians.
        sway: size of the body's sway in standing, relative to the mean person.
        tempo: speed of what is not walking, relative to the mean person.
        squat: how much of a lift comes from the knees rather than the back, 0..1.
        head_pitch: how far the head is bowed, radians.
    """

    cadence: float
    step_ratio: float
    step_width: float
    splay: float
    lean: float
    arm_swing: float
    elbow: float
    sway: float
    tempo: float
    squat: float
    head_pitch: float


@dataclass(frozen=True, slots=True)
class Actor:
    """One person: name "S01" to "S20", build and style."""

    name: str
    build: Build
    style: Style


def make_actor(seed: int, index: int) -> Actor:
    """Return the actor number `index` (0..19) of the data set `seed`; depends on nothing else."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0, index)))
    return Actor(f"S{index + 1:02d}", _draw_build(rng), _draw_style(rng))


def _draw_build(rng: np.random.Generator) -> Build:
    stature = float(np.clip(rng.normal(1.70, 0.085), 1.50, 1.92))
    # Segments vary by about 3 % around the table's means between people of one stature.
    legs, arms, trunk, hips, shoulders, foot = (stature * np.clip(rng.normal(1, 0.03, 6), 0.93, 1.07)).tolist()
    return Build(
        stature=stature,
        thigh=0.245 * legs,
        shank=0.246 * legs,
        upper_arm=0.186 * arms,
        forearm=0.146 * arms,
        lumbar=0.1 * trunk,
        thorax=0.188 * trunk,
        half_hips=0.0955 * hips,
        half_shoulders=0.129 * shoulders,
        head=0.182 * stature,
        ankle_height=0.039 * stature,
        heel_back=0.038 * foot,
        toe_front=0.114 * foot,
    )


def _draw_style(rng: np.random.Generator) -> Style:
    def draw(mean: float, spread: float) -> float:
        return mean + spread * float(np.clip(rng.normal(), -2, 2))

    return Style(
        cadence=draw(110, 5),
        step_ratio=draw(0.385, 0.016),
        step_width=draw(0.10, 0.02),
        splay=draw(0.12, 0.04),
        lean=draw(0.05, 0.03),
        arm_swing=draw(0.36, 0.1),
        elbow=draw(0.35, 0.1),
        sway=draw(1.0, 0.25),
        tempo=draw(1.0, 0.12),
        squat=float(rng.uniform(0, 1)),
        head_pitch=draw(0.05, 0.06),
    )
