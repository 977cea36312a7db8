"""Fingerprints of footage by its content, so that a file that was moved or renamed is recognised."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from pose.video.footage import ImageFolder, explain_read_errors

_BLOCK = 1 << 16
_BLOCKS = 64


def fingerprint(path: Path, fps: float) -> str:
    """Return 32 hexadecimal digits for a video, or a folder of pictures.

    Of a file larger than 4 MiB 64 blocks of 64 KiB spread over all of it are hashed with its size, so that a terabyte
    of videos is known again in seconds. Any other encoding, cut or camera differs in them; a file changed by hand in a
    few bytes between them would not.

    Args:
        path: a file, or a folder of pictures, whose names count too since they put the frames in order.
        fps: frames a second of pictures: they do not say it, and another rate makes another video of them.

    Raises:
        BrokenFootageError: it, or a picture of it, cannot be read.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "walk.mp4")
        >>> _ = path.write_bytes(b"pixels")
        >>> before = fingerprint(path, fps=30)
        >>> fingerprint(path.rename(path.with_name("other.mp4")), fps=30) == before
        True
    """
    with explain_read_errors():
        is_folder = path.is_dir()
    if not is_folder:
        return _hash_file(path)
    digest = hashlib.blake2b(f"{float(fps)!r}\0".encode(), digest_size=16)
    for file in ImageFolder(path, fps).files():
        digest.update(f"{file.name}\0{_hash_file(file, file.name)}".encode())
    return digest.hexdigest()


def _hash_file(path: Path, what: str = "it") -> str:
    with explain_read_errors(what):
        status = path.stat()
        return _hash_content(path, status.st_size, status.st_mtime_ns)


@cache  # a command asks several times: to check, to name its jobs, to extract, and to read
def _hash_content(path: Path, size: int, changed: int) -> str:  # noqa: ARG001 - part of what the cache goes by
    """Return the digest of a file of that size that was last changed then."""
    digest = hashlib.blake2b(size.to_bytes(8, "little"), digest_size=16)
    with path.open("rb", buffering=0) as file:
        if size <= _BLOCK * _BLOCKS:
            digest.update(file.read())
        else:
            for index in range(_BLOCKS):
                file.seek(index * (size - _BLOCK) // (_BLOCKS - 1))
                digest.update(file.read(_BLOCK))
    return digest.hexdigest()
