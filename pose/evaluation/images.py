"""The annotated pictures themselves: files, or frames of videos."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from pose.errors import DataError
from pose.evaluation.annotations import Annotations, Picture, is_frame
from pose.interfaces import Image
from pose.video.footage import VIDEOS, BrokenFootageError, Video, read_image


@dataclass(frozen=True, slots=True)
class ImageLocation:
    """The location of a picture.

    Args:
        path: of the picture, or of the video.
        frame: of the video, from 0 on; -1 for a picture.
    """

    path: Path
    frame: int = -1


def find_pictures(annotations: Annotations, folder: Path) -> list[ImageLocation]:
    """Locate each annotated picture.

    A `file_name` is the path of a picture below the folder, or VIDEO/NUMBER, a frame of a video, counted from 0:
    `walk/anna.mp4/000012`, or `walk/anna/000012` where only one video is called so.

    Args:
        annotations: whose pictures.
        folder: that the names begin from; also one picture or video, and then they begin from where it lies.

    Returns:
        One for each picture, in their order.

    Raises:
        DataError: some are not there.
    """
    if not folder.exists():
        raise DataError(f"{folder} is not there: set path to the folder of the annotated pictures or videos")
    root = folder.parent if folder.is_file() else folder
    videos: dict[Path, Path | None] = {}
    places = [_find(root, picture.name, videos) for picture in annotations.pictures]
    missing = [picture.name for picture, place in zip(annotations.pictures, places, strict=True) if place is None]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise DataError(
            f"{missing[0]}{more} of {annotations.path} not found in {root}: "
            "set path to the folder that the names of the pictures begin from"
        )
    return [place for place in places if place is not None]


def _find(root: Path, name: str, videos: dict[Path, Path | None]) -> ImageLocation | None:
    path = root / name
    if path.is_file():
        return ImageLocation(path)
    if not is_frame(path.name):
        return None
    parent = path.parent
    if parent not in videos:
        videos[parent] = _video(parent)
    video = videos[parent]
    return ImageLocation(video, int(path.name)) if video is not None else None


def _video(path: Path) -> Path | None:
    """Return the video of that name, with its suffix or without."""
    if path.is_file() and path.suffix.lower() in VIDEOS:
        return path
    if not path.parent.is_dir():
        return None
    found = [file for file in path.parent.iterdir() if file.stem == path.name and file.suffix.lower() in VIDEOS]
    return found[0] if len(found) == 1 else None


class TimedReader:
    """Reads pictures in their order and measures the time that takes.

    Args:
        places: frames of a video one behind the other, in ascending order.

    Attributes:
        seconds: spent on reading and decoding until now.
    """

    def __init__(self, places: Sequence[ImageLocation]) -> None:
        self.places = places
        self.seconds = 0.0

    def __iter__(self) -> Iterator[Image]:
        """Yield each picture, `[H, W, 3]` uint8; blue, green, red.

        Raises:
            DataError: one cannot be read, or its video ends before it.
        """
        images = _read(self.places)
        while True:
            begun = time.perf_counter()
            image = next(images, None)
            self.seconds += time.perf_counter() - begun
            if image is None:
                return
            yield image


def _read(places: Sequence[ImageLocation]) -> Iterator[Image]:
    for path, group in groupby(places, key=lambda place: place.path):
        wanted = [place.frame for place in group]
        try:
            yield from [read_image(path)] if wanted == [-1] else _frames(path, wanted)
        except BrokenFootageError as error:
            raise DataError(f"{path}: {error}") from error


def _frames(path: Path, wanted: Sequence[int]) -> Iterator[Image]:
    remaining = list(wanted)
    for offset, image in enumerate(Video(path).frames(wanted[0])):
        if wanted[0] + offset == remaining[0]:
            yield image
            remaining.pop(0)
        if not remaining:
            return
    raise BrokenFootageError(f"it has no frame {remaining[0]}, which is annotated: frames are counted from 0")


def read_picture(picture: Picture, place: ImageLocation) -> Image:
    """Read one picture.

    Raises:
        DataError: it cannot be read.
    """
    for image in TimedReader([place]):
        return image
    raise DataError(f"{picture.name} cannot be read")
