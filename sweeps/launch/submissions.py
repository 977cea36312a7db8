"""Which jobs of a sweep are with Slurm: written down before they are handed over, so that none is ever lost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sweeps.runtime import squeue
from sweeps.runtime.atomic import write_json_atomically


@dataclass(frozen=True)
class Task:
    """One job of a batch.

    Args:
        cell: hash of what it computes, as `sweeps.launch.job.Job` has it.
        any_code: the same whatever the code.
        log: its output.
    """

    cell: str
    any_code: str
    log: str


@dataclass(frozen=True)
class Batch:
    """Jobs that were handed over at once, an array where there are several.

    Args:
        name: Slurm's for all of them; no other batch has it.
        folder: submitit's.
        tasks: in the order of the array.
        job_id: Slurm's; None until it is known.
    """

    name: str
    folder: str
    tasks: tuple[Task, ...]
    job_id: str | None = None

    def ids(self) -> list[str]:
        """Return the id of each task; none before Slurm has given any."""
        if self.job_id is None:
            return []
        several = len(self.tasks) > 1
        return [f"{self.job_id}_{index}" if several else self.job_id for index in range(len(self.tasks))]

    def found(self) -> Batch:
        """Return the same batch with Slurm's id for it, where the driver died before it could write that down.

        Raises:
            QueueError: Slurm does not answer.
        """
        if self.job_id is not None:
            return self
        known = squeue.look_up_name(self.name)
        return replace(self, job_id=next(iter(known)).partition("_")[0]) if known else self


def read(file: Path) -> list[Batch]:
    """Read the batches of a sweep; none where nothing was ever handed over."""
    if not file.is_file():
        return []
    return [
        Batch(**{**entry, "tasks": tuple(Task(**task) for task in entry["tasks"])})
        for entry in json.loads(file.read_text())
    ]


def write(file: Path, batches: Sequence[Batch]) -> None:
    """Write the batches, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    write_json_atomically(file, [asdict(batch) for batch in batches], durable=True)


def living(file: Path) -> list[str]:
    """Return the ids of a sweep's jobs that have not ended; all of them where Slurm does not answer."""
    batches = read(file)
    if not batches:
        return []
    try:
        batches = [batch.found() for batch in batches]
        ids = [job_id for batch in batches for job_id in batch.ids()]
        queued = squeue.look_up(ids)
    except squeue.QueueError:
        return [batch.job_id or f"--name={batch.name}" for batch in batches]
    return [job_id for job_id in ids if job_id in queued and queued[job_id].lives]
