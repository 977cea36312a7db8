"""Files that are complete at every moment: written under another name, then renamed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def write_atomically(path: Path, content: bytes | str, *, durable: bool = False) -> None:
    """Replace a file, so that a reader, also after a kill, finds the old content or the new one.

    Processes may write the same path at the same time; the last one wins.

    Args:
        path: of the file; its folder exists.
        content: all of it; text becomes UTF-8.
        durable: have the content on disk before the rename, so that this also holds after a power cut.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with unfinished.open("wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_json_atomically(path: Path, content: Any, *, durable: bool = False) -> None:
    """Replace a JSON file; see `write_atomically`."""
    write_atomically(path, json.dumps(content), durable=durable)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on disk before this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
