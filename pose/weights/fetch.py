"""Fetching a file over HTTP, checked, and whole or not at all."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Generator, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from pose.errors import DataError
from pose.io.atomic import writing

_BLOCK = 1 << 18


def writing_cache(folder: Path) -> AbstractContextManager[None]:
    """Says in one line why a folder for weights cannot be written: `pose.io.atomic.writing`."""
    advice = "set cache (`estimator.cache`, `detector.cache`) or XDG_CACHE_HOME to one that can and has room"
    return writing(f"{folder}, where weights are kept,", advice)


def fetch(url: str, path: Path, sha256: str, timeout: float = 30) -> None:
    """Fetches `url` into `path`, with a progress bar.

    The name is given to a file only once it is whole and its hash is right: one that is cut off leaves nothing.

    Args:
        url: http or https.
        path: where to; its folder exists. One process at a time may fetch a path.
        sha256: what the file's hash begins with, in hexadecimal digits.
        timeout: seconds without an answer.

    Raises:
        DataError: it cannot be fetched, is cut off, is another file, or cannot be written.
    """
    if not url.startswith(("http://", "https://")):
        raise DataError(f"{url} is no address of a web server: it begins with http:// or https://")
    unfinished = path.with_name(f".{path.name}.tmp")
    try:
        with _fetching(url, path):
            answer = urllib.request.urlopen(url, timeout=timeout)  # noqa: S310
        # A disk that is full leaves the blocks in the middle, with the progress bar on the terminal.
        with answer, writing_cache(path.parent), closing(_blocks(answer, url, path)) as blocks:
            digest = _write(blocks, unfinished)
            if not digest.startswith(sha256):
                raise DataError(
                    f"{url} is not the file it should be: its sha256 begins with {digest[: len(sha256)]}, not {sha256}"
                )
            unfinished.replace(path)
    finally:
        with suppress(OSError):
            unfinished.unlink()


@contextmanager
def _fetching(url: str, path: Path) -> Iterator[None]:
    """Says in one line what is wrong with a network or a server."""
    try:
        yield
    except (OSError, http.client.HTTPException) as error:  # urllib's errors among them
        raise DataError(f"cannot fetch {path.name} ({_reason(error)}): get {url} and put it at {path}") from error


def _write(blocks: Iterable[bytes], path: Path) -> str:
    """Writes blocks into a file, and gives their hash."""
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for block in blocks:
            file.write(block)
            digest.update(block)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _blocks(answer: Any, url: str, path: Path) -> Generator[bytes, None, None]:
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
    expected, received = answer.length or 0, 0  # None where the answer is chunked, or does not say it in digits
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"Fetching {path.name}", total=expected or None)
        while True:
            with _fetching(url, path):
                block: bytes = answer.read(_BLOCK)
                received += len(block)
                if not block and received < expected:
                    raise OSError(f"cut off after {received} of {expected} bytes")
            if not block:
                return
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
