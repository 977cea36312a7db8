"""One driver a sweep, and one process a cell: who works on what, in files that outlive whoever wrote them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sweeps.errors import ConfigError
from sweeps.launch import submissions
from sweeps.runtime.atomic import write_json_atomically
from sweeps.runtime.process import SLURM_JOB, is_alive, process_tags

_PATIENCE = 10.0  # seconds; jobs whose driver has died end within five
_ROOT = "sweeps"


def _folder(output_dir: Path, name: str) -> Path:
    return output_dir / _ROOT / "claims" / re.sub(r"[^\w.=-]+", "_", name)[:100]


def slurm_record(output_dir: Path, name: str) -> Path:
    """Return the file that says which jobs of a sweep are with Slurm."""
    return _folder(output_dir, name) / "slurm" / "submitted.json"


@contextlib.contextmanager
def only_driver(output_dir: Path, name: str) -> Iterator[None]:
    """Be the one driver of a sweep in the block.

    Raises:
        ConfigError: there is one already; says where.
    """
    from filelock import FileLock, Timeout

    folder = _folder(output_dir, name)
    folder.mkdir(parents=True, exist_ok=True)
    lock, owner = FileLock(folder / "driver.lock", timeout=0), folder / "driver.json"
    try:
        lock.acquire()
    except Timeout:
        raise ConfigError(
            f"the sweep {name} is being run already, {_describe_owner(owner)}; wait for it, or run another one: "
            "type sweep.name=ANOTHER"
        ) from None
    try:
        write_json_atomically(owner, process_tags())
        yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()


def _describe_owner(owner: Path) -> str:
    with contextlib.suppress(OSError, ValueError, KeyError):
        tags = json.loads(owner.read_text())
        return f"by process {tags['pid']} on {tags['host']}"
    return "by another process"


@dataclass(frozen=True)
class CellLock:
    """A cell of a sweep, to be worked on by one process at a time.

    Args:
        output_dir: of the store.
        name: of the sweep.
        cell: hash of what is computed.
    """

    output_dir: Path
    name: str
    cell: str

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Say that this process works on the cell, before it makes a run for it, until the end of the block."""
        file = _folder(self.output_dir, self.name) / f"{self.cell}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        write_json_atomically(file, process_tags())
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


def wait_for_others(output_dir: Path, name: str, *, on_slurm: bool = False) -> None:
    """Wait until no process of this host that an earlier driver started works on the sweep's cells any more.

    Args:
        output_dir: of the store.
        name: of the sweep.
        on_slurm: leave alone what runs in Slurm jobs, which this driver attaches to.

    Raises:
        ConfigError: one goes on, here or in Slurm; says which.
    """
    if not on_slurm and (left := submissions.living(slurm_record(output_dir, name))):
        raise ConfigError(
            f"the sweep {name} is at work in Slurm, left by an earlier driver; attach to it: hydra/launcher=slurm; or "
            f"end it: scancel {' '.join(left[:20])}"
        )
    deadline = time.monotonic() + _PATIENCE
    while living := [pid for tags in _owners(output_dir, name) if (pid := _living(tags))]:
        if time.monotonic() > deadline:
            raise ConfigError(
                f"the sweep {name}: process {living[0]} on {socket.gethostname()}, which an earlier driver started, "
                f"is still at work; end it: kill {living[0]}"
            )
        time.sleep(0.1)


def _owners(output_dir: Path, name: str) -> Iterator[dict[str, str]]:
    for file in _folder(output_dir, name).glob("*.json"):
        with contextlib.suppress(OSError, ValueError):
            if file.stem != "driver":
                yield json.loads(file.read_text())


def _living(tags: dict[str, str]) -> int | None:
    here = tags.get("host") == socket.gethostname() and SLURM_JOB not in tags
    return int(tags["pid"]) if here and is_alive(tags) and int(tags["pid"]) != os.getpid() else None
