"""Frames of each class, and their distribution over recordings, actors and cameras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose.errors import DataError
from pose.simulator.motion.actors import NUM_ACTORS
from pose.simulator.scenes import ACTIONS, LONGEST, SHORTEST
from pose.simulator.sensing.cameras import NUM_CAMERAS

PAPER_FRAMES = dict(zip(ACTIONS, (44_763, 41_691, 41_454, 33_858, 24_400, 23_432), strict=True))
"""Frames of key points per class, the paper's table 3, training and test together."""
FEW = 6
"""Recordings that a class has at least, even if they get shorter than 5 seconds."""
SNIPPET = 20
"""Frames that a recording has at least: two windows of nine."""


@dataclass(frozen=True, slots=True)
class Take:
    """A recording to be made.

    Args:
        index: its number in the data set.
        action: what is done.
        actor: who does it, 0..19.
        cameras: which cameras see it, 0..11, rising.
        frames: how many frames each of those cameras has of it.
    """

    index: int
    action: str
    actor: int
    cameras: tuple[int, ...]
    frames: tuple[int, ...]

    @property
    def id(self) -> str:
        """The recording's name, such as r0007 for number 7."""
        return f"r{self.index:04d}"


def class_frames(frames: int) -> dict[str, int]:
    """Share `frames` out over the classes as the paper's table 3 has them, by largest remainder.

    Args:
        frames: of key points, over all clips. 209,598 gives the table itself.

    Returns:
        Frames per class, in the order of `ACTIONS`; of equal remainders the first class's goes first.

    Example:
        >>> class_frames(1000)["falling down"]
        199
    """
    total = sum(PAPER_FRAMES.values())
    shares = {action: divmod(frames * count, total) for action, count in PAPER_FRAMES.items()}
    remaining = frames - sum(count for count, _ in shares.values())
    favoured = sorted(shares, key=lambda action: -shares[action][1])[:remaining]
    return {action: count + (action in favoured) for action, (count, _) in shares.items()}


def plan(frames: int, views: int, seed: int) -> list[Take]:
    """Plan every recording of a data set, class by class.

    A class's frames are dealt out evenly over its cameras and recordings: as many recordings as give 225 frames
    (7.5 s) on average, then pairs of them are made unequal within 150..300 frames. What does not divide by `views` is
    taken from the last recording of the class, whose last cameras stop one frame early. A class of too few frames for
    six recordings of 5 s has six shorter ones, or as many of 20 frames (two windows of nine) as there are.
    The n-th recording of each class is by the same actor, so all classes share actors however few recordings
    there are, and an actor does each class as often as any other, give or take one.

    Args:
        frames: of key points, over all clips.
        views: cameras that each recording is seen by, 1..12.
        seed: of the data set.

    Returns:
        The takes, by index.

    Raises:
        DataError: `views` is not 1..12, or `frames` are too few for one recording of every class.
    """
    if not 1 <= views <= NUM_CAMERAS:
        raise DataError(f"views is {views}, but the stage has cameras for 1 to {NUM_CAMERAS}")
    counts = class_frames(max(frames, 0))
    if min(counts.values()) < SNIPPET * views:
        least = -(-SNIPPET * views * sum(PAPER_FRAMES.values()) // min(PAPER_FRAMES.values()))
        raise DataError(f"frames is {frames}, too few for {views} views of every class: use {least + 1} or more")
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(3,)))
    actors, first_cameras = rng.permutation(NUM_ACTORS), rng.permutation(NUM_CAMERAS)
    takes: list[Take] = []
    for action, count in counts.items():
        length = -(-count // views)
        for number, seen in enumerate(_deal(rng, length)):
            index = len(takes)
            cameras = _draw_cameras(seed, index, int(first_cameras[index % NUM_CAMERAS]), views)
            takes.append(Take(index, action, int(actors[number % NUM_ACTORS]), cameras, (seen,) * views))
        takes[-1] = _trim(takes[-1], length * views - count)
    return takes


def _deal(rng: np.random.Generator, frames: int) -> list[int]:
    """Return lengths of recordings that have `frames` together."""
    count = round(2 * frames / (SHORTEST + LONGEST))
    count = max(count, min(FEW, frames // SNIPPET))
    lengths = [frames // count + (i < frames % count) for i in range(count)]
    for i in range(0, count - 1, 2):
        room = min(LONGEST - lengths[i], lengths[i + 1] - SHORTEST)
        moved = int(rng.integers(0, room + 1)) if room > 0 else 0
        lengths[i], lengths[i + 1] = lengths[i] + moved, lengths[i + 1] - moved
    return lengths


def _draw_cameras(seed: int, index: int, first: int, views: int) -> tuple[int, ...]:
    """Return the camera whose turn it is, so that all are used, and others at random."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(5, index)))
    others = [camera for camera in rng.permutation(NUM_CAMERAS).tolist() if camera != first]
    return tuple(sorted([first, *others[: views - 1]]))


def _trim(take: Take, surplus: int) -> Take:
    frames = tuple(count - (i >= len(take.frames) - surplus) for i, count in enumerate(take.frames))
    return Take(take.index, take.action, take.actor, take.cameras, frames)
