"""Atomic writing: a file is complete or not there, whatever happens while it is written."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pose.errors import DataError


class UnwritableError(DataError):
    """A path that cannot be written."""


@contextmanager
def explain_write_errors(what: str, advice: str) -> Iterator[None]:
    """Raise a one-line error for an OSError while something is written.

    Args:
        what: it is, with its path.
        advice: what to type instead.

    Raises:
        UnwritableError: for an OSError.
    """
    try:
        yield
    except OSError as error:
        raise UnwritableError(f"{what} cannot be written ({error.strerror or error}): {advice}") from error


def check_writable(folder: Path) -> None:
    """Check that a folder could be created and written, without creating anything.

    Raises:
        OSError: it could not.
    """
    place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not place.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(place))
    if not os.access(place, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path whose file or folder takes the place of `path` once it is complete.

    A reader, also after a power cut, finds all of it or what was there before. One process at a time may write a path:
    what an earlier one that was killed left behind is written over.

    Args:
        path: of the file or folder; its own folder exists.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "notes.txt")
        >>> with replacing(path) as unfinished:
        ...     _ = unfinished.write_text("all of it")
        ...     print(path.exists())
        False
        >>> path.read_text()
        'all of it'
    """
    unfinished = path.with_name(f".{path.name}.tmp")
    yield unfinished
    _sync(unfinished)
    unfinished.replace(path)
    _sync(path.parent)  # the new name is on the disk only once its folder is


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file by `replacing`.

    Args:
        path: of the file; its folder exists.
        content: all of it.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "notes.txt")
        >>> write_atomically(path, b"all of it")
        >>> path.read_bytes()
        b'all of it'
    """
    with replacing(path) as unfinished:
        unfinished.write_bytes(content)


def _sync(path: Path) -> None:
    """Flush a file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
