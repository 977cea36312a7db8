"""What the readers of pose estimators' files share: find the files, read them, make clips."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from pose.clip import Clip
from pose.errors import DataError
from pose.readers.labels import Labelling, Labels, Unit
from pose.readers.sequences import Film, TrackOptions, make_clips


class PeopleSource(ABC):
    """Clips of people whom an estimator found in films.

    Args:
        path: a unit (a file, or a folder of frames), a folder of them, or a manifest; see `pose.readers.labels`.
        id_pattern: preset or regular expression with groups `label`, `subject`, `camera`, `recording`.
        fps: frames a second, which the files do not say.
        image_size: width and height in pixels, None where not known.
        tracks: how people become clips.

    Attributes:
        skeleton: layout of the joints of all films, COCO's 17 where a reader says nothing else.
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
        """The units at or below a path, sorted."""

    @abstractmethod
    def read(self, unit: Unit) -> Iterator[Film]:
        """The films of a unit, without labels.

        Raises:
            DataError: the unit is not in the tool's layout.
        """

    def labels(self, unit: Unit, name: str) -> list[Labels]:
        """What is said about a film of a unit: by a manifest, a pattern or folders."""
        return self._labelling.labels(unit, name)

    @cached_property
    def films(self) -> list[Film]:
        """Every film, with what is said about it.

        Raises:
            DataError: a file cannot be used, or nothing says which action it is.
        """
        films = [
            replace(film, labels=self.labels(unit, film.name), image_size=self.image_size or film.image_size)
            for unit in self._labelling.units()
            for film in self.read(unit)
        ]
        if not any(len(film.frames) for film in films):
            raise DataError(f"{self.path} holds no key points: nobody was found in any of its {len(films)} films")
        return films

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """The labels, in the order of the alphabet."""
        return tuple(sorted({str(labels.label) for film in self.films for labels in film.labels}))

    def clips(self) -> list[Clip]:
        """Every track that is long enough; key points are views into one `[N, V, 2]` float32 array."""
        clips, self.left_out = make_clips(self.films, self.tracks, self.skeleton, self.fps)
        if not clips:
            raise DataError(f"{self.path}: nobody is seen in {self.tracks.min_frames} frames: set `min_frames` lower")
        return clips
