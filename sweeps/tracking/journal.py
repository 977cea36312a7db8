"""The file of an outbox: what a run has to say while nobody answers, in its folder, append-only.

`outbox.jsonl` holds a JSON object a line: ``{"owner": ...}``, the process that writes; ``{"write": [kind, content]}``,
a write with its own time stamps, on disk before it is sent; ``{"sent": n}``, so many of the writes are in the store.
Files that are to be sent lie in `outbox/`. Both go once all is sent: where they exist, something is waiting.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from sweeps.tracking.events import Write

OUTBOX, FILES = "outbox.jsonl", "outbox"


class Content(NamedTuple):
    """What an outbox holds.

    Attributes:
        owner: tags of the process that wrote last.
        uri: of the store that it wrote to, without a password.
        waiting: writes that are not known to be in the store.
        sent: how many are.
    """

    owner: dict[str, str]
    uri: str
    waiting: list[Write]
    sent: int


def read_outbox(file: Path) -> Content | None:
    """Read an outbox; None where there is none. A line that was cut off by a kill is no line."""
    try:
        lines = file.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return None
    owner: dict[str, str] = {}
    uri, sent, found = "", 0, []
    for line in (json.loads(line) for line in lines if line.endswith(b"\n")):
        if "owner" in line:
            owner, uri = line["owner"], line["uri"]
        elif "write" in line:
            found.append(Write(*line["write"]))
        else:
            sent = line["sent"]
    return Content(owner, uri, found[sent:], sent)


def append_lines(file: Path, lines: Sequence[dict[str, Any]], *, is_new: bool = False) -> None:
    """Append whole lines, and have them on disk before this returns."""
    with file.open("ab+") as stream:
        _cut_unfinished_line(stream)
        stream.write("".join(json.dumps(line) + "\n" for line in lines).encode())
        stream.flush()
        os.fsync(stream.fileno())
    if is_new:
        sync(file.parent)


def _cut_unfinished_line(stream: BinaryIO) -> None:
    end = stream.seek(0, os.SEEK_END)
    if end:
        stream.seek(0)
        whole = stream.read().rfind(b"\n") + 1
        if whole < end:
            stream.truncate(whole)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on disk before this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
