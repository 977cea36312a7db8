"""Download of a file over HTTP, checked and atomic."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from pose.errors import DataError
from pose.io.atomic import explain_write_errors, replacing

_BLOCK = 1 << 18


def explain_cache_errors(folder: Path) -> AbstractContextManager[None]:
    """Raise a one-line error where a folder for weights cannot be written: `pose.io.atomic.explain_write_errors`."""
    advice = "set cache (`estimator.cache`, `detector.cache`) or XDG_CACHE_HOME to one that can and has room"
    return explain_write_errors(f"{folder}, where weights are kept,", advice)


def fetch(url: str, path: Path, sha256: str, timeout: float = 30) -> None:
    """Download `url` to `path`, with a progress bar.

    The name is given to a file only once it is complete and its hash is right: one that is cut off leaves nothing.

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
    with explain_cache_errors(path.parent), replacing(path) as unfinished:
        try:
            digest = _download(url, path, unfinished, timeout)
            if not digest.startswith(sha256):
                raise DataError(
                    f"{url} is not the file it should be: its sha256 begins with {digest[: len(sha256)]}, not {sha256}"
                )
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise


def _download(url: str, path: Path, unfinished: Path, timeout: float) -> str:
    """Write a download to a file under a progress bar on stderr, and return its hash."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    digest = hashlib.sha256()
    with _explain_fetch_errors(url, path):
        answer = urllib.request.urlopen(url, timeout=timeout)  # noqa: S310
    expected, received = answer.length or 0, 0  # None where the answer is chunked, or does not say it in digits
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    with answer, unfinished.open("wb") as file, bar:
        task = bar.add_task(f"Fetching {path.name}", total=expected or None)
        while True:
            with _explain_fetch_errors(url, path):
                block: bytes = answer.read(_BLOCK)
                received += len(block)
                if not block and received < expected:
                    raise OSError(f"cut off after {received} of {expected} bytes")
            if not block:
                return digest.hexdigest()
            file.write(block)
            digest.update(block)
            bar.advance(task, len(block))


@contextmanager
def _explain_fetch_errors(url: str, path: Path) -> Iterator[None]:
    """Raise a one-line error for faults of a network or a server."""
    try:
        yield
    except (OSError, http.client.HTTPException) as error:  # urllib's errors among them
        raise DataError(f"cannot fetch {path.name} ({_reason(error)}): get {url} and put it at {path}") from error


def _reason(error: OSError | http.client.HTTPException) -> str:
    if isinstance(error, http.client.IncompleteRead):
        return "cut off"
    if isinstance(error, http.client.HTTPException):
        return f"that is no answer of a web server, {type(error).__name__}: {' '.join(str(error).split())[:80]}"
    if isinstance(error, urllib.error.HTTPError):
        return f"the server says {error.code} {error.reason}"
    return str(getattr(error, "reason", None) or error) or type(error).__name__
