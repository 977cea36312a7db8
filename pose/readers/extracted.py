"""Clips of people in videos: from the store of key points, after missing videos are extracted into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from pose.doctor import check_installed
from pose.errors import DataError
from pose.extraction.components import PoseComponents
from pose.extraction.run import look_up
from pose.extraction.store import KeypointStore
from pose.extraction.worker_process import extract_in_subprocess
from pose.io.atomic import UnwritableError
from pose.readers.base import PeopleSource
from pose.readers.labels import Labelling, Labels, Unit
from pose.readers.sequences import PoseSequence, TrackOptions, shared_layout, to_coco17
from pose.video.footage import find_footage

KIND = "video or folder of pictures"


def named_footage(path: str | Path) -> list[tuple[str, Path]]:
    """Return name and path of every video, or folder of pictures, at or below a path or in a manifest.

    Raises:
        DataError: there is none, or the manifest is wrong.
    """
    labelling = Labelling(Path(path).expanduser(), None, find_footage, KIND)
    return [(unit.name, unit.path) for unit in labelling.units()]


class ExtractedSource(PeopleSource):
    """Clips of people found in videos: COCO's 17 joints where the estimator has them all, else its own.

    Args:
        path: a video, a folder of pictures, a folder of those, or a manifest; see `pose.readers.labels`.
        components: what finds people.
        store: the folder of all stores.
        id_pattern: preset or regular expression with groups `label`, `subject`, `camera`, `recording`.
        fps: frames a second of folders of pictures; videos say it.
        tracks: how people become clips.
        label_names: what labels that are numbers are called; empty where they are names already.
        num_threads: of the CPU, for what is missing in the store; None leaves it to PyTorch.

    Raises:
        DataError: the layout of the estimator's joints is not known.
    """

    kind = KIND

    def __init__(
        self,
        path: str | Path,
        components: PoseComponents,
        store: str | Path,
        id_pattern: str | None = None,
        fps: float = 30.0,
        tracks: TrackOptions | None = None,
        label_names: Mapping[Any, str] = MappingProxyType({}),
        num_threads: int | None = None,
    ) -> None:
        super().__init__(path, id_pattern, fps, None, tracks)
        self.label_names = {str(label): name for label, name in label_names.items()}
        self.components = components
        self.skeleton = shared_layout(components.estimator.skeleton)
        self.store = KeypointStore(Path(store).expanduser(), components.identity, components.name)
        self.num_threads = num_threads

    def find(self, path: Path) -> list[Path]:
        """Return videos and folders of pictures."""
        return find_footage(path)

    def labels(self, unit: Unit, name: str) -> list[Labels]:
        """Return the labels of a video, with the action's name.

        Raises:
            DataError: nothing says which action it is, or a label has no name.
        """
        labels = super().labels(unit, name)
        unnamed = [one.label for one in labels if self.label_names and one.label not in self.label_names]
        if unnamed:
            raise DataError(f"{unit.path}: its action {unnamed[0]} has no name: type `label_names[{unnamed[0]}]=NAME`")
        return [replace(one, label=self.label_names.get(str(one.label), one.label)) for one in labels]

    def extract_missing(self) -> None:
        """Extract what the store lacks in a process of its own: this one need not load OpenMMLab.

        Raises:
            DataError: not all can be found, with what to do about it. Or `make pose` was not typed yet.
        """
        footage = look_up(named_footage(self.path), self.fps)
        with suppress(UnwritableError):  # a store that may only be read is good enough to train from
            self.store.finish_interrupted(found.video for found in footage if not found.fault)
        missing = [found for found in footage if found.fault or not self.store.has(found.video)]
        if missing:
            check_installed()
            print(f"{len(missing)} videos are not in the store {self.store.folder.name} yet", flush=True)
            extract_in_subprocess(missing, self.store, self.components, self.fps, self.num_threads)

    def read(self, unit: Unit) -> Iterator[PoseSequence]:
        """Yield the sequence of a video.

        Raises:
            DataError: it cannot be read, or is not in the store.
        """
        (found,) = look_up([(unit.name, unit.path)], self.fps)
        if found.fault:
            raise DataError(f"{unit.path}: {found.fault}")
        stored = self.store.read(found.video)
        kept = stored.ids >= 0
        people = stored.people
        keypoints, scores = people.keypoints[kept], people.scores[kept]
        if self.skeleton == "coco17":
            keypoints, scores = to_coco17(keypoints, scores, stored.skeleton)
        yield PoseSequence(
            name=unit.name,
            frames=people.frames[kept].astype(np.int64),
            keypoints=keypoints,
            scores=scores,
            boxes=people.boxes[kept],
            ids=stored.ids[kept].astype(np.int64),
            image_size=stored.image_size,
            fps=stored.fps,
        )
