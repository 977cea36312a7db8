"""Matching of names in another tool's file with the annotated pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple, TypeVar

from pose.evaluation.annotations import Annotations
from pose.evaluation.images import ImageLocation
from pose.readers.frame_names import place_by_number

Key = TypeVar("Key")
WHOLE, SHORT, GUESSED = 0, 1, 2  # from sure to unsure


class Match(NamedTuple):
    """A picture that a name may stand for.

    Attributes:
        row: its number; None where it is not annotated, or may be one of several.
        doubt: `WHOLE` where the name is all of the picture's; `SHORT` where it is a part that no other picture has, or
            a frame's number where the video is named; `GUESSED` where only one video is annotated, and none is named.
        video_known: whether it is a frame of a video that is named.
    """

    row: int | None
    doubt: int = SHORT
    video_known: bool = False


class Names:
    """Index of the names of the annotated pictures.

    Args:
        annotations: the pictures.
        places: where each is.
    """

    def __init__(self, annotations: Annotations, places: Sequence[ImageLocation]) -> None:
        names = [picture.name for picture in annotations.pictures]
        stills = [(name, row) for row, (name, place) in enumerate(zip(names, places, strict=True)) if place.frame < 0]
        self._whole = {name: Match(row, WHOLE, places[row].frame >= 0) for row, name in enumerate(names)}
        # Short names are of pictures alone: 4, in short, is frame 4 of every video.
        self._last = _once((_last(name), row) for name, row in stills)
        self._stem = _once((_stem(name), row) for name, row in stills)
        frames = [(place, row) for row, place in enumerate(places) if place.frame >= 0]
        self._frame: dict[tuple[Path | None, int], int] = _once(
            ((place.path, place.frame), row) for place, row in frames
        )
        self._videos = sorted({place.path for place, _ in frames})

    def find(self, name: str, inside: Sequence[str]) -> Match:
        """Return the picture that a name stands for.

        Args:
            name: as the file has it.
            inside: names of the file and its folders, the nearest first, one of which may be the video's.
        """
        if name in self._whole:
            return self._whole[name]
        numbered = place_by_number(_last(name))
        before, frame = numbered or ("", -1)
        folders = [folder.name for folder in PurePosixPath(name).parents if folder.name]
        video = self._find_video([before, *folders, *inside]) if numbered else None
        if video is not None:
            row = self._frame.get((video, frame))
            if row is not None or before in ("", video.stem):  # 4.jpg of this video is no other picture
                return Match(row, video_known=True)
        for rows, short in ((self._last, _last(name)), (self._stem, _last(name)), (self._stem, _stem(name))):
            if short in rows:
                return Match(rows[short])
        only = self._videos[0] if len(self._videos) == 1 else None
        return Match(self._frame.get((only, frame)), GUESSED)

    def _find_video(self, names: Sequence[str]) -> Path | None:
        """Return the video of the first name that names any; among several the nearest by their folders."""
        for name in names:
            called = [video for video in self._videos if name in (video.stem, video.name)]
            if len(called) > 1:
                near = [
                    names.index(video.parent.name) if video.parent.name in names else len(names) for video in called
                ]
                called = [video for video, distance in zip(called, near, strict=True) if distance == min(near)]
            if called:
                return called[0] if len(called) == 1 else None
        return None


def _once(rows: Iterable[tuple[Key, int]]) -> dict[Key, int]:
    """Return rows by the keys that are unique."""
    rows = list(rows)
    counts = Counter(key for key, _ in rows)
    return {key: row for key, row in rows if counts[key] == 1}


def _last(name: str) -> str:
    return PurePosixPath(name).name


def _stem(name: str) -> str:
    return PurePosixPath(name).stem
