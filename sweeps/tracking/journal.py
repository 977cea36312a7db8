"""The file of an outbox: a run's writes that are not in the store yet, in the run's folder, append-only.

`outbox.jsonl` holds a JSON object a line: ``{"owner": ...}``, the process that writes; ``{"write": [kind, content]}``,
a write with its own time stamps, on disk before it is sent; ``{"sent": n}``, so many of the writes are in the store.
Files that are to be sent lie in `outbox/`. Both are removed once all is sent.

Not a sqlite file: outputs of a cluster's jobs lie on network file systems, where sqlite can lose what it holds.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from pathlib import Path
from typing import Any, NamedTuple

from sweeps.runtime.atomic import sync
from sweeps.tracking.events import Write

OUTBOX, FILES = "outbox.jsonl", "outbox"


class Pending(NamedTuple):
    """What a journal holds.

    Attributes:
        owner: tags of the process that wrote last.
        uri: of the store that it wrote to, without a password.
        writes: those that are not known to be in the store.
        sent: how many are.
    """

    owner: dict[str, str]
    uri: str
    writes: list[Write]
    sent: int


class Journal:
    """The outbox of one run on disk.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / OUTBOX

    def read(self) -> Pending:
        """Read what is pending. A line that a kill has cut off is skipped."""
        try:
            lines = self.file.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            lines = []
        owner: dict[str, str] = {}
        uri, sent, writes = "", 0, []
        for line in (json.loads(line) for line in lines if line.endswith(b"\n")):
            if "owner" in line:
                owner, uri = line["owner"], line["uri"]
            elif "write" in line:
                writes.append(Write(*line["write"]))
            else:
                sent = line["sent"]
        return Pending(owner, uri, writes[sent:], sent)

    def append(self, *lines: dict[str, Any]) -> None:
        """Append lines, and have them on disk before this returns."""
        is_new = not self.file.exists()
        with self.file.open("ab+") as stream:
            stream.seek(0)
            stream.truncate(stream.read().rfind(b"\n") + 1)  # a line that a kill has cut off
            stream.write("".join(json.dumps(line) + "\n" for line in lines).encode())
            stream.flush()
            os.fsync(stream.fileno())
        if is_new:
            sync(self.folder)

    def with_copied_file(self, write: Write) -> Write:
        """Copy the file or folder that a write names, which may be gone or changed when it is sent."""
        if "file" not in write.content:
            return write
        source, token = Path(write.content["file"]), uuid.uuid4().hex
        target = self.folder / FILES / token / source.name
        target.parent.mkdir(parents=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
        for file in _files_in(target):
            sync(file)
        own = {"file": str(target.relative_to(self.folder))}
        return write._replace(content={**write.content, **own, **({"token": token} if write.kind == "model" else {})})

    def remove(self) -> None:
        """Remove the file and the copies of files."""
        self.file.unlink(missing_ok=True)
        shutil.rmtree(self.folder / FILES, ignore_errors=True)


def bytes_of(path: Path) -> int:
    """Return the size of a file, or of all files in a folder."""
    return sum(file.stat().st_size for file in _files_in(path))


def _files_in(path: Path) -> list[Path]:
    return [file for file in (path, *path.rglob("*")) if file.is_file()]
