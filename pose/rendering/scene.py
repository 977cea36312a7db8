"""Random scenes: people, actions, room and camera."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pose.interfaces import Image
from pose.rendering.background import sample_background
from pose.rendering.bodies import Body, make_body
from pose.rendering.camera_effects import sample_effects
from pose.rendering.clothing import make_outfit
from pose.rendering.picture import PersonInFrame, Truth, draw_picture
from pose.rendering.viewpoints import IMAGE_SIZE, sample_camera
from pose.simulator.class_shares import PAPER_FRAMES
from pose.simulator.motion.actors import make_actor
from pose.simulator.motion.kinematics import INDEX
from pose.simulator.motion.rotations import Floats
from pose.simulator.scenes import ACTIONS, SHORTEST, perform

CROWD = np.array([0.2, 0.25, 0.25, 0.2, 0.1])
"""How often 1, 2, 3, 4 and 5 people are in a scene."""
APART = 0.7
"""Metres between any two pelvises."""


@dataclass(frozen=True, eq=False, slots=True)
class RenderedFrame:
    """A rendered picture and the truth about the people in it."""

    image: Image
    people: list[Truth]


def draw_frames(
    seed: int,
    scenes: int,
    per_scene: int = 4,
    shares: Mapping[str, float] = PAPER_FRAMES,
    image_size: tuple[int, int] = IMAGE_SIZE,
) -> Iterator[RenderedFrame]:
    """Render pictures of random scenes, each with a room, a camera and clothes of its own.

    Args:
        seed: of everything: other seeds have other actors, cameras, rooms and clothes.
        scenes: how many.
        per_scene: pictures of each scene, seconds apart.
        shares: how often each action is done; as in the paper's table 3 by default.
        image_size: width and height in pixels.

    Yields:
        Frames, `per_scene` of one scene after the other.

    Example:
        >>> [frame] = draw_frames(seed=0, scenes=1, per_scene=1, image_size=(160, 90))
        >>> frame.image.shape, frame.people[0].keypoints.shape, frame.people[0].action
        ((90, 160, 3), (17, 2), 'falling down')
    """
    chances = np.array([shares.get(action, 0) for action in ACTIONS], dtype=float)
    for scene in range(scenes):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(scene,)))
        yield from _draw_scene(rng, per_scene, chances / chances.sum(), image_size)


def _draw_scene(
    rng: np.random.Generator, frames: int, chances: Floats, image_size: tuple[int, int]
) -> Iterator[RenderedFrame]:
    people = 1 + int(rng.choice(len(CROWD), p=CROWD))
    actions = rng.choice(ACTIONS, people, p=chances).tolist()
    at = np.linspace(0, SHORTEST - 1, frames + 1)[:-1] + rng.integers(0, SHORTEST // frames)
    shots = [_perform(rng, action, at.astype(int)) for action in actions]
    outfits = [make_outfit(rng) for _ in range(people)]
    bodies = [make_body(joints, outfit.girth) for joints, outfit in zip(shots, outfits, strict=True)]
    background, effects = sample_background(rng, sample_camera(rng, image_size=image_size)), sample_effects(rng)
    for frame in range(frames):
        kept = _apart(bodies, frame)
        picture, truths = draw_picture(background, [PersonInFrame(bodies[i], outfits[i], frame) for i in kept])
        named = [replace(truth, action=actions[i]) for i, truth in zip(kept, truths, strict=True)]
        yield RenderedFrame(effects(rng, picture), named)


def _perform(rng: np.random.Generator, action: str, at: npt.NDArray[np.int64]) -> Floats:
    actor = make_actor(int(rng.integers(2**31)), 0)
    return perform(rng, actor, action, SHORTEST)[at]


def _apart(bodies: list[Body], frame: int) -> list[int]:
    """Return the indices of people who do not overlap an earlier one."""
    kept: list[int] = []
    places = [body.joints[frame, INDEX["pelvis"], :2] for body in bodies]
    for i, place in enumerate(places):
        if all(np.linalg.norm(place - places[j]) >= APART for j in kept):
            kept.append(i)
    return kept
