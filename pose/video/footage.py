"""Footage: a video, or a folder of pictures, read frame by frame."""

from __future__ import annotations

import os
import re
import stat
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pose.errors import DataError
from pose.interfaces import Image
from pose.video.duration import CheckedDecoder, declared_frames

VIDEOS = frozenset(
    (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv", ".ts", ".m2ts", ".mts", ".3gp")
)
IMAGES = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"))


@dataclass(frozen=True, slots=True)
class FootageInfo:
    """Properties that are known before the first frame is read.

    Args:
        fps: frames a second, above 0.
        image_size: width and height in pixels, as they are seen.
        frames: how many there should be; 0 where nothing says it.
    """

    fps: float
    image_size: tuple[int, int]
    frames: int


class BrokenFootageError(DataError):
    """Footage that cannot be read to its end; the message says why, without the path."""


@contextmanager
def explain_read_errors(what: str = "it") -> Iterator[None]:
    """Raise a one-line error for an OSError while something is read.

    Args:
        what: it is called in the message.

    Raises:
        BrokenFootageError: for an OSError.
    """
    try:
        yield
    except OSError as error:
        raise BrokenFootageError(f"{what} cannot be read: {error.strerror or error}") from error


class Footage(ABC):
    """One video or folder of pictures.

    Args:
        path: where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def info(self) -> FootageInfo:
        """Return rate, size and number of frames.

        Raises:
            BrokenFootageError: it is no footage.
        """

    @abstractmethod
    def declared(self) -> int:
        """Return the declared number of frames, fast; 0 where unknown or broken."""

    @abstractmethod
    def frames(self, start: int = 0) -> Iterator[Image]:
        """Yield the frames from number `start` on, each a new array.

        Raises:
            BrokenFootageError: it breaks off, or a frame cannot be decoded.
        """


def open_footage(path: Path, fps: float) -> Footage:
    """Return the footage at a path.

    Args:
        path: a video, or a folder of pictures.
        fps: frames a second of pictures, which do not say it.

    Example:
        >>> import tempfile
        >>> import cv2
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = cv2.imwrite(str(folder / "1.png"), np.zeros((48, 64, 3), np.uint8))
        >>> footage = open_footage(folder, fps=30)
        >>> footage.info()
        FootageInfo(fps=30, image_size=(64, 48), frames=1)
        >>> [frame.shape for frame in footage.frames()]
        [(48, 64, 3)]
    """
    return ImageFolder(path, fps) if os.path.isdir(path) else Video(path)  # noqa: PTH112 - raises nothing


def find_footage(path: Path) -> list[Path]:
    """Return videos, and folders that pictures lie in, at or below a path, sorted.

    A folder that may not be looked into is among them: nobody can tell what is in it, and whoever reads it says why.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> (folder / "walk.mp4").touch()
        >>> [path.name for path in find_footage(folder)]
        ['walk.mp4']
    """
    if not os.path.isdir(path):  # noqa: PTH112 - raises nothing
        return [path] if _may_exist(path) and _may_be_video(path) else []
    found: set[Path] = set()
    unreadable: list[OSError] = []
    for folder, _, names in os.walk(path, onerror=unreadable.append):
        for file in (Path(folder, name) for name in names if not name.startswith(".")):
            if _may_be_video(file):
                found.add(file)
            elif file.suffix.lower() in IMAGES:
                found.add(file.parent)
    found |= {folder for folder in (Path(error.filename) for error in unreadable) if not _is_system_folder(folder.name)}
    return sorted(found)


def _is_system_folder(name: str) -> bool:
    """Return whether systems create a folder of that name for themselves, such as .Trash-0, unreadable to others."""
    return name.startswith(".") or name == "lost+found"


def _may_exist(path: Path) -> bool:
    """Return whether something of that name exists, or may exist."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _may_be_video(path: Path) -> bool:
    """Return whether it is named as a video and is, or may be, a file: the reader reports why it cannot be read."""
    if path.suffix.lower() not in VIDEOS:
        return False
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True


class Video(Footage):
    """A video that FFmpeg reads."""

    def info(self) -> FootageInfo:
        """Return rate, size and number of frames as the container has them; the size rotated as the video is shown."""
        with _open_video(self.path) as (container, stream):
            rate = float(stream.average_rate or stream.guessed_rate or 30)
            declared = declared_frames(container, stream)
            width, height = int(stream.width), int(stream.height)
            try:
                first = next(iter(container.decode(stream)), None)
            except _ffmpeg_error() as error:
                raise BrokenFootageError(_reason(error)) from error
            if first is None:
                raise BrokenFootageError("it has no frames")
            if first.rotation % 180:
                width, height = height, width
            return FootageInfo(rate, (width, height), declared)

    def declared(self) -> int:
        """Return the container's own count, or its length times its rate."""
        try:
            with _open_video(self.path) as (container, stream):
                return declared_frames(container, stream)
        except BrokenFootageError:
            return 0

    def frames(self, start: int = 0) -> Iterator[Image]:
        """Decode from the beginning: only counting finds the same frame in every container."""
        with _open_video(self.path) as (container, stream):
            stream.thread_type = "AUTO"
            read = CheckedDecoder(container, stream)
            try:
                for frame in read.frames():
                    if read.number > start:
                        yield _rotated(frame.to_ndarray(format="bgr24"), frame.rotation)
            except _ffmpeg_error() as error:
                raise BrokenFootageError(f"it breaks off after {read.number} frames: {_reason(error)}") from error
            lack = read.missing()
        if not read.number:
            raise BrokenFootageError("it has no frames")
        if lack:
            raise BrokenFootageError(f"it is cut off: {lack}")


@contextmanager
def _open_video(path: Path) -> Iterator[tuple[Any, Any]]:
    """Open the container and yield it with its first video stream."""
    import av

    with explain_read_errors():
        size = path.stat().st_size
    if not size:
        raise BrokenFootageError("it is empty")
    try:
        container = av.open(str(path), metadata_errors="replace")
    except av.FFmpegError as error:
        raise BrokenFootageError(f"it is no video: {_reason(error)}") from error
    with container:
        if not container.streams.video:
            raise BrokenFootageError("it holds no pictures, only sound")
        yield container, container.streams.video[0]


def _ffmpeg_error() -> type[Exception]:
    import av

    return av.FFmpegError


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or type(error).__name__)


def _rotated(image: Image, degrees: float) -> Image:
    """Rotate the picture as it is shown: a phone stores how it was held beside the video."""
    turns = round(degrees / 90) % 4
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image


class ImageFolder(Footage):
    """A folder of pictures, in the order of the numbers in their names.

    Args:
        path: the folder.
        fps: frames a second.
    """

    def __init__(self, path: Path, fps: float) -> None:
        super().__init__(path)
        self.fps = fps

    def files(self) -> list[Path]:
        """Return the pictures in order.

        Raises:
            BrokenFootageError: the folder cannot be read.
        """
        with explain_read_errors():
            files = [f for f in self.path.iterdir() if f.suffix.lower() in IMAGES and not f.name.startswith(".")]
        return sorted(files, key=lambda file: _natural(file.name))

    def info(self) -> FootageInfo:
        """Return the size of the first picture; the others may differ."""
        files = self.files()
        if not files:
            raise BrokenFootageError("it holds no pictures")
        height, width = read_image(files[0]).shape[:2]
        return FootageInfo(self.fps, (width, height), len(files))

    def declared(self) -> int:
        """Return their number."""
        with suppress(BrokenFootageError):
            return len(self.files())
        return 0

    def frames(self, start: int = 0) -> Iterator[Image]:
        """Yield the pictures."""
        for file in self.files()[start:]:
            yield read_image(file)


def read_image(path: Path) -> Image:
    """Read a picture from a file.

    Returns:
        `[H, W, 3]` uint8; blue, green, red.

    Raises:
        BrokenFootageError: it is none, or cannot be read.
    """
    import cv2

    with explain_read_errors(path.name):
        content = np.fromfile(path, np.uint8)
    image: Image | None = cv2.imdecode(content, cv2.IMREAD_COLOR) if len(content) else None  # type: ignore[assignment]
    if image is None:
        raise BrokenFootageError(f"{path.name} is no picture")
    return image


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    """Return a sort key that puts frame10 behind frame9."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name) if part)
