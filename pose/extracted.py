"""Clips of people in videos: from the store of key points, which is filled first where something is missing."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from pose.doctor import check_installed
from pose.errors import DataError
from pose.extraction.parts import Parts
from pose.extraction.run import Found, check, extract, look_up
from pose.extraction.store import KeypointStore
from pose.films import Film, TrackOptions
from pose.footage import find_footage
from pose.labels import Labelling, Labels, Unit
from pose.people import PeopleSource

KIND = "video or folder of pictures"


def named_footage(path: str | Path) -> list[tuple[str, Path]]:
    """Name and path of every video, or folder of pictures, at or below a path or in a manifest.

    Raises:
        DataError: there is none, or the manifest is wrong.
    """
    labelling = Labelling(Path(path).expanduser(), None, find_footage, KIND)
    return [(unit.name, unit.path) for unit in labelling.units()]


class ExtractedSource(PeopleSource):
    """Clips of people that the parts find in videos.

    Args:
        path: a video, a folder of pictures, a folder of those, or a manifest; see `pose.labels`.
        parts: what finds people.
        store: the folder of all stores.
        id_pattern: preset or regular expression with groups `label`, `subject`, `camera`, `recording`.
        fps: frames a second of folders of pictures; videos say it.
        tracks: how people become clips.
        label_names: what labels that are numbers are called; empty where they are names already.
    """

    kind = KIND

    def __init__(
        self,
        path: str | Path,
        parts: Parts,
        store: str | Path,
        id_pattern: str | None = None,
        fps: float = 30.0,
        tracks: TrackOptions | None = None,
        label_names: Mapping[Any, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(path, id_pattern, fps, None, tracks)
        self.label_names = {str(label): name for label, name in label_names.items()}
        self.parts = parts
        self.store = KeypointStore(Path(store).expanduser(), parts.identity, parts.name)

    def find(self, path: Path) -> list[Path]:
        """Videos and folders of pictures."""
        return find_footage(path)

    def labels(self, unit: Unit, name: str) -> list[Labels]:
        """What is said about a video, with the label's name.

        Raises:
            DataError: nothing says which action it is, or a label has no name.
        """
        labels = super().labels(unit, name)
        unnamed = [one.label for one in labels if self.label_names and one.label not in self.label_names]
        if unnamed:
            raise DataError(
                f"{unit.path}: its action {unnamed[0]} has no name: type +datamodule.label_names.{unnamed[0]}=NAME"
            )
        return [replace(one, label=self.label_names.get(str(one.label), one.label)) for one in labels]

    def extract_missing(self) -> None:
        """Has what is missing in the store found, by a process of its own: this one need not load OpenMMLab.

        Raises:
            DataError: something cannot be read; the lines before say what. Or `make pose` was not typed yet.
        """
        missing = [found for found in look_up(named_footage(self.path), self.fps) if not self.store.has(found.video)]
        if not missing:
            return
        check_installed()
        print(f"{len(missing)} videos are not in the store {self.store.folder.name} yet", flush=True)
        process = multiprocessing.get_context("spawn").Process(
            target=_extract, args=(missing, self.store, self.parts, self.fps), name="extraction"
        )
        process.start()
        try:
            process.join()
        finally:
            process.kill()  # where this one was interrupted; its segments stay
        if process.exitcode:
            raise DataError(f"key points of {self.path} are not all there: see above, and type the same again to go on")

    def read(self, unit: Unit) -> Iterator[Film]:
        """The film of a video."""
        (found,) = look_up([(unit.name, unit.path)], self.fps)
        stored = self.store.read(found.video)
        kept = stored.ids >= 0
        people = stored.people
        yield Film(
            name=unit.name,
            frames=people.frames[kept].astype(np.int64),
            keypoints=people.keypoints[kept],
            scores=people.scores[kept],
            boxes=people.boxes[kept],
            ids=stored.ids[kept].astype(np.int64),
            image_size=stored.image_size,
            fps=stored.fps,
        )


def _extract(missing: Sequence[Found], store: KeypointStore, parts: Parts, fps: float) -> None:
    """What the child process does."""
    try:
        check(extract(missing, store, parts, fps))
    except DataError as error:
        raise SystemExit(f"error: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
