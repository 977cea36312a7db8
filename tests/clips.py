"""Clips and data modules small enough to check by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from datamodules.keypoints import KeypointDataModule
from datamodules.splits import Split
from pose.clip import Clip


def make_clip(
    length: int,
    label: str = "walk",
    id: str = "clip",
    joints: int = 3,
    coordinates: int = 2,
    seed: int = 0,
    **names: Any,
) -> Clip:
    """A clip of random key points, all of them found; a recording of its own unless named."""
    points = np.random.default_rng([seed, length]).normal(100, 20, (length, joints, coordinates)).astype(np.float32)
    scores = np.ones((length, joints), np.float32)
    return Clip(id, points, scores, label, **{"recording": id, "skeleton": f"custom-{joints}", **names})


def make_people(subjects: int = 6, cameras: int = 2, takes: int = 2, length: int = 23, **options: Any) -> list[Clip]:
    """Each subject walks and falls `takes` times before all cameras at once; a fall goes down, a walk to the right."""
    clips: list[Clip] = []
    for subject in range(subjects):
        for label, axis in (("walk", 0), ("fall", 1)):
            for take in range(takes):
                for camera in range(cameras):
                    recording = f"{label}{take}-P{subject}"
                    names = {"recording": recording, "subject": f"P{subject}", "camera": f"C{camera}"}
                    clip = make_clip(length, label, f"{recording}-C{camera}", seed=len(clips), **names, **options)
                    clip.keypoints[:, :, axis] += 10 * np.arange(length, dtype=np.float32)[:, None]
                    clips.append(clip)
    return clips


class ListedClips:
    """A source of clips that are there already."""

    def __init__(self, clips: Sequence[Clip], splits: Mapping[str, frozenset[str]] | None = None) -> None:
        self._clips = list(clips)
        self.class_names = tuple(sorted({str(clip.label) for clip in clips}))
        self.splits = splits or {}

    def clips(self) -> list[Clip]:
        return list(self._clips)


class ListedDataModule(KeypointDataModule):
    """Windows of clips that are there already."""

    def __init__(
        self, clips: Sequence[Clip], splits: Mapping[str, frozenset[str]] | None = None, **options: Any
    ) -> None:
        super().__init__(**{"split": Split("clip"), **options})
        self.listed = ListedClips(clips, splits)

    def source(self) -> ListedClips:
        return self.listed


def make_data(
    clips: Sequence[Clip], splits: Mapping[str, frozenset[str]] | None = None, **options: Any
) -> ListedDataModule:
    """A data module of these clips, set up."""
    data = ListedDataModule(clips, splits, **options)
    data.setup()
    return data
