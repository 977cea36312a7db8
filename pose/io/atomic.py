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


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader, also after a power cut, finds all of it or what was there before.

    One process at a time may write a path: what an earlier one that was killed left behind is written over.

    Args:
        path: of the file; its folder exists.
        content: all of it.
    """
    unfinished = path.with_name(f".{path.name}.tmp")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Flush a folder, so that a new name in it survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
