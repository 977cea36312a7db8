"""The store of extracted key points: one file a video, named by the video's content, and an index of them all.

    outputs/keypoints/hrnet_w32-1a2b3c4d/      one folder a choice of detector, estimator, weights and settings
        settings.json                          that choice in full
        index.parquet                          a row a video
        0f3a...e1.safetensors                  a video: everybody in it
        unfinished/0f3a...e1/00003.safetensors a segment of one that is not finished

Whatever happens, a file is complete or not there, and holds no time, host or path: cut off and resumed, the store has
the same bytes in the end.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pose.errors import DataError
from pose.extraction.components import FULL_PRECISION, canonical, digest
from pose.extraction.detections import Detections, Ints, read_detections, write_detections
from pose.io.atomic import check_writable, explain_write_errors, write_atomically

SEGMENT = 1_024
"""Frames that are kept at a time: what an extraction that is killed loses of each video it was in."""
_LOCKS = "locks"
_UNFINISHED = "unfinished"


@dataclass(frozen=True, eq=False, slots=True)
class VideoDetections:
    """The people of one video.

    Args:
        people: every detection.
        ids: `[N]` who it is, nobody twice in a frame; -1 for detections that the tracker dropped.
        fps: frames a second.
        image_size: width and height in pixels.
        num_frames: frames that the video has.
        skeleton: layout of the joints.
    """

    people: Detections
    ids: Ints
    fps: float
    image_size: tuple[int, int]
    num_frames: int
    skeleton: str

    @property
    def row(self) -> dict[str, Any]:
        """Its row in the index."""
        seen = len(np.unique(self.people.frames))
        score = float(self.people.scores.mean(dtype=np.float64)) if len(self.people) else 0.0
        return {
            "frames": self.num_frames,
            "fps": self.fps,
            "width": self.image_size[0],
            "height": self.image_size[1],
            "people": len(self.people),
            "tracks": len(np.unique(self.ids[self.ids >= 0])),
            "mean_score": round(score, 6),
            "missed": self.num_frames - seen,
        }


class StuckError(DataError):
    """An unfinished video in the store that cannot be resumed; the message says what to do."""


class KeypointStore:
    """The key points that one choice of components gives.

    Args:
        root: the folder of all stores.
        identity: of the components.
        name: of the store's folder.
    """

    def __init__(self, root: Path, identity: Mapping[str, Any], name: str) -> None:
        self.root = root
        self.folder = root / name
        self._index = self.folder / "index.parquet"
        self.identity = identity

    def open(self) -> None:
        """Create the store, or check that it is the right one.

        Raises:
            DataError: the folder holds what other settings gave, or cannot be written.
        """
        path = self.folder / "settings.json"
        wanted = canonical(self.identity)
        with self._writing():
            if path.exists():
                if path.read_text() != wanted:
                    raise DataError(f"{self.folder} holds key points of other settings: move it away")
                return
            with self.lock("settings"):
                self.folder.mkdir(parents=True, exist_ok=True)
                write_atomically(path, wanted.encode())

    def check_writable(self) -> None:
        """Check that the store can be written, without creating it.

        Raises:
            UnwritableError: it cannot.
        """
        with self._writing():
            check_writable(self.folder)

    def _writing(self) -> AbstractContextManager[None]:
        return explain_write_errors(
            f"the store {self.folder}", "set `store` to a folder that can be written and has room"
        )

    def path(self, video: str) -> Path:
        """Return the path of a video's file, which need not exist."""
        return self.folder / f"{video}.safetensors"

    def has(self, video: str) -> bool:
        """Return whether a video is finished, as far as the store can be read."""
        return os.path.exists(self.path(video))  # noqa: PTH110 - raises nothing

    def read(self, video: str) -> VideoDetections:
        """Read the people of a finished video.

        Raises:
            DataError: it is not there, or its file is broken.
        """
        people, notes, arrays = read_detections(self.path(video))
        if notes["settings"] != digest(self.identity):
            raise DataError(f"{self.path(video)} was made by other settings: take it away, and it is made again")
        width, height = notes["image_size"]
        return VideoDetections(people, arrays["ids"], notes["fps"], (width, height), notes["frames"], notes["skeleton"])

    def write(self, video: str, found: VideoDetections) -> None:
        """Finish a video: write its file, then the index, then remove its segments.

        Raises:
            UnwritableError: the store cannot be written; what is there stays.
        """
        notes = {
            "settings": digest(self.identity),
            "fps": found.fps,
            "image_size": list(found.image_size),
            "frames": found.num_frames,
            "skeleton": found.skeleton,
        }
        with self._writing():
            write_detections(self.path(video), found.people, notes, ids=found.ids)
        self.finish(video)

    def finish(self, video: str) -> None:
        """Index a video whose file is written and remove its segments; doing it twice does no harm.

        Raises:
            UnwritableError: the store cannot be written.
        """
        with self._writing():
            self.index(video)
            self._remove_segments(video)

    def finish_interrupted(self, videos: Iterable[str]) -> None:
        """Finish those videos whose file is written but whose writer was killed right after that.

        Raises:
            UnwritableError: there are such, and the store cannot be written.
        """
        indexed = self._rows()
        for video in videos:
            has_segments = os.path.exists(self._segments(video))  # noqa: PTH110 - raises nothing
            if self.has(video) and (has_segments or video not in indexed):
                with self.lock(video):
                    self.finish(video)
                indexed = self._rows()  # which has all of them again, where it was lost

    def read_segment(self, video: str, number: int, precision: str = FULL_PRECISION) -> tuple[Detections, int] | None:
        """Return the people of a segment and its number of frames; None where it is not there yet.

        Args:
            video: its fingerprint.
            number: of the segment.
            precision: that the others of the video are found in.

        Raises:
            StuckError: it was found in another precision, or its file is broken.
            UnwritableError: the store may not be looked into.
        """
        path = self._segment(video, number)
        with self._writing():
            if not path.exists():
                return None
        try:
            people, notes, _ = read_detections(path)
        except DataError as error:
            raise StuckError(str(error)) from error
        if (used := notes.get("precision", FULL_PRECISION)) != precision:
            raise StuckError(
                f"{path.parent} was begun in {used}, and this machine would go on in {precision}: go on where it was "
                "begun, or take that folder away, and the video is begun again"
            )
        return people, int(notes["frames"])

    def write_segment(
        self, video: str, number: int, people: Detections, num_frames: int, precision: str = FULL_PRECISION
    ) -> None:
        """Write a segment, with its precision where that is not the full one.

        Raises:
            UnwritableError: the store cannot be written.
        """
        path = self._segment(video, number)
        notes = {"frames": num_frames} | ({} if precision == FULL_PRECISION else {"precision": precision})
        with self._writing():
            if not path.parent.exists():
                with self.lock(_UNFINISHED):
                    path.parent.mkdir(parents=True, exist_ok=True)
            write_detections(path, people, notes)

    def _remove_segments(self, video: str) -> None:
        folder = self._segments(video)
        with self.lock(_UNFINISHED):  # who finishes another video takes the folder of all away, or makes it anew
            if folder.exists():
                shutil.rmtree(folder)
            if folder.parent.exists() and not any(folder.parent.iterdir()):
                folder.parent.rmdir()

    def _segments(self, video: str) -> Path:
        return self.folder / _UNFINISHED / video

    def _segment(self, video: str, number: int) -> Path:
        return self._segments(video) / f"{number:05d}.safetensors"

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Lock a video, or another part of the store, for this process; wait while another holds it.

        Raises:
            UnwritableError: the lock cannot be written.
        """
        from filelock import FileLock

        folder = self.root / _LOCKS  # beside the stores, so that these hold key points only
        lock = FileLock(folder / f"{self.folder.name}-{name}.lock")
        with self._writing():  # but not what is done meanwhile, which may be about other files
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def index(self, video: str) -> None:
        """Update the index: add a finished video, drop those that are gone.

        Args:
            video: that was finished; the index is only read where it has it already.
        """
        import pandas as pd

        with self.lock("index"):
            there = {file.stem for file in self.folder.glob("*.safetensors")}
            known = self._rows()
            if video in known and there == set(known):
                return
            rows = {name: row for name, row in known.items() if name in there and name != video}
            rows |= {name: self.read(name).row for name in there - set(rows)}
            table = pd.DataFrame([{"video": name, **row} for name, row in sorted(rows.items())])
            write_atomically(self._index, table.to_parquet(index=False))

    def _rows(self) -> dict[str, dict[str, Any]]:
        """Return the index's rows by video; empty where the index is missing or broken, to be rebuilt."""
        import pandas as pd
        from pyarrow import ArrowException

        try:
            rows: dict[str, dict[str, Any]] = pd.read_parquet(self._index).set_index("video").to_dict("index")
        except (OSError, ValueError, KeyError, ArrowException):
            return {}
        return rows
