"""Fetching a file over HTTP, checked, and whole or not at all."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any

from pose.errors import DataError

_BLOCK = 1 << 18


def fetch(url: str, path: Path, sha256: str, timeout: float = 30) -> None:
    """Fetches `url` into `path`, with a progress bar.

    The name is given to a file only once it is whole and its hash is right: one that is cut off leaves nothing.

    Args:
        url: http or https.
        path: where to; its folder exists. One process at a time may fetch a path.
        sha256: what the file's hash begins with, in hexadecimal digits.
        timeout: seconds without an answer.

    Raises:
        DataError: it cannot be fetched, is cut off, or is another file.
    """
    unfinished = path.with_name(f".{path.name}.tmp")
    try:
        digest = _receive(url, unfinished, timeout)
        if not digest.startswith(sha256):
            raise DataError(
                f"{url} is not the file it should be: its sha256 begins with {digest[: len(sha256)]}, not {sha256}"
            )
        unfinished.replace(path)
    except (OSError, http.client.HTTPException) as error:  # urllib's errors among them
        raise DataError(f"cannot fetch {path.name} ({_reason(error)}): get {url} and put it at {path}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def _receive(url: str, path: Path, timeout: float) -> str:
    """Writes what the server sends, and gives its hash."""
    if not url.startswith(("http://", "https://")):
        raise DataError(f"{url} is no address of a web server: it begins with http:// or https://")
    digest = hashlib.sha256()
    with urllib.request.urlopen(url, timeout=timeout) as answer, path.open("wb") as file:  # noqa: S310
        expected = answer.length or 0  # None where the answer is chunked, or does not say it in digits
        received = 0
        for block in _watched(answer, path.name.strip("."), expected):
            file.write(block)
            digest.update(block)
            received += len(block)
        if received < expected:
            raise OSError(f"cut off after {received} of {expected} bytes")
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _watched(answer: IO[bytes], name: str, size: int) -> Any:
    """The blocks of an answer as they come, under a progress bar on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"Fetching {name.removesuffix('.tmp')}", total=size or None)
        while block := answer.read(_BLOCK):
            progress.advance(task, len(block))
            yield block


def _reason(error: OSError | http.client.HTTPException) -> str:
    if isinstance(error, http.client.IncompleteRead):
        return "cut off"
    if isinstance(error, http.client.HTTPException):
        return f"that is no answer of a web server, {type(error).__name__}: {' '.join(str(error).split())[:80]}"
    if isinstance(error, urllib.error.HTTPError):
        return f"the server says {error.code} {error.reason}"
    return str(getattr(error, "reason", None) or error) or type(error).__name__
