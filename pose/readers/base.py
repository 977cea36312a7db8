"""Common base of the readers of pose estimators' files: find the files, read them, make clips."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from pose.clip import Clip
from pose.errors import DataError
from pose.readers.labels import Labelling, Labels, Unit
from pose.readers.sequences import PoseSequence, TrackOptions, make_clips


class PeopleSource(ABC):
    """Clips of people whom an estimator found in videos.

    Args:
        path: a unit (a file, or a folder of frames), a folder of them, or a manifest; see `pose.readers.labels`.
        id_pattern: preset or regular expression with groups `label`, `subject`, `camera`, `recording`.
        fps: frames a second, which the files do not say.
        image_size: width and height in pixels, None where not known.
        tracks: how people become clips.

    Attributes:
        skeleton: layout of the joints of all sequences, COCO's 17 where a reader says nothing else.
        left_out: tracks that the last call of `clips` left out: too short, or more people than asked for.
    """

    kind = "files"  # what a unit is called, for messages
    skeleton = "coco17"
    splits: Mapping[str, frozenset[str]] = {}

    def __init__(
        self,
        path: str | Path,
        id_pattern: str | None = None,
        fps: float = 30.0,
        image_size: Sequence[int] | None = None,
        tracks: TrackOptions | None = None,
    ) -> None:
        self.path = Path(path).expanduser()
        self.fps = fps
        self.image_size = (int(image_size[0]), int(image_size[1])) if image_size else None
        self.tracks = tracks or TrackOptions()
        self.left_out = 0
        self._labelling = Labelling(self.path, id_pattern, self.find, self.kind)

    @abstractmethod
    def find(self, path: Path) -> list[Path]:
        """Return the units at or below a path, sorted."""

    @abstractmethod
    def read(self, unit: Unit) -> Iterator[PoseSequence]:
        """Yield the sequences of a unit, without labels.

        Raises:
            DataError: the unit is not in the tool's layout.
        """

    def labels(self, unit: Unit, name: str) -> list[Labels]:
        """Return the labels of a unit's sequence: from a manifest, a pattern or folders."""
        return self._labelling.labels(unit, name)

    @cached_property
    def sequences(self) -> list[PoseSequence]:
        """Every sequence, with its labels.

        Raises:
            DataError: a file cannot be used, or nothing says which action it is.
        """
        sequences = [
            replace(
                sequence, labels=self.labels(unit, sequence.name), image_size=self.image_size or sequence.image_size
            )
            for unit in self._labelling.units()
            for sequence in self.read(unit)
        ]
        if not any(len(sequence.frames) for sequence in sequences):
            raise DataError(f"{self.path} holds no key points: nobody was found in any of its {len(sequences)} films")
        return sequences

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """The labels in alphabetical order."""
        return tuple(sorted({str(labels.label) for sequence in self.sequences for labels in sequence.labels}))

    def clips(self) -> list[Clip]:
        """Return every track that is long enough; key points are views into one `[N, V, 2]` float32 array."""
        clips, self.left_out = make_clips(self.sequences, self.tracks, self.skeleton, self.fps)
        if not clips:
            raise DataError(f"{self.path}: nobody is seen in {self.tracks.min_frames} frames: set `min_frames` lower")
        return clips
