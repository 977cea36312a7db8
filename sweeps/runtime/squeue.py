"""The states of jobs in Slurm's queue, by squeue and scancel only: neither needs an accounting database."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_PATIENCE = 30.0  # seconds for an answer
_AT_ONCE = 500  # ids on one command line
RUNNING = "RUNNING"
# squeue(1): states of jobs that have not ended, or that Slurm will start again by itself.
_LIVING = """
PENDING CONFIGURING RUNNING SUSPENDED STOPPED RESIZING SIGNALING STAGE_OUT COMPLETING
REQUEUED REQUEUE_HOLD REQUEUE_FED RESV_DEL_HOLD SPECIAL_EXIT
"""
LIVING = frozenset(_LIVING.split())


class QueueError(Exception):
    """Slurm did not answer."""


class Queued(NamedTuple):
    """A job as squeue shows it.

    Attributes:
        state: such as PENDING.
        reason: why it waits, such as Resources; "None" where it runs.
    """

    state: str
    reason: str

    @property
    def lives(self) -> bool:
        """Whether it has not ended yet."""
        return self.state in LIVING


def own_job_id(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the id of this process's Slurm job, ``12`` or of an array ``12_3``; None outside Slurm."""
    array, index = environment.get("SLURM_ARRAY_JOB_ID"), environment.get("SLURM_ARRAY_TASK_ID")
    return f"{array}_{index}" if array and index else environment.get("SLURM_JOB_ID")


def look_up(job_ids: Sequence[str]) -> dict[str, Queued]:
    """Return jobs by their ids, without those that ended a while ago (MinJobAge, 5 minutes by default).

    Args:
        job_ids: such as ``12`` or ``12_3``.

    Raises:
        QueueError: Slurm does not answer.
    """
    wanted = set(job_ids)
    queue: dict[str, Queued] = {}
    arrays = sorted({job_id.partition("_")[0] for job_id in wanted})
    for start in range(0, len(arrays), _AT_ONCE):
        queue |= _ask(["--jobs", ",".join(arrays[start : start + _AT_ONCE])])
    return {job_id: queued for job_id, queued in queue.items() if job_id in wanted}


def look_up_name(name: str) -> dict[str, Queued]:
    """Return jobs by their name.

    Raises:
        QueueError: Slurm does not answer.
    """
    return _ask(["--name", name])


def is_running(job_id: str) -> bool:
    """Tell whether a job runs now. Where Slurm does not answer it counts as running."""
    try:
        queued = look_up([job_id]).get(job_id)
    except QueueError:
        return True
    return queued is not None and queued.state in (RUNNING, "SUSPENDED", "STOPPED")


def cancel(job_ids: Sequence[str], *, kill: bool = False) -> None:
    """End jobs, whatever state they are in.

    Args:
        job_ids: of the jobs; those that have ended are ignored.
        kill: send SIGKILL at once; otherwise Slurm sends SIGTERM first.
    """
    signal = ["--signal=KILL"] if kill else []
    for start in range(0, len(job_ids), _AT_ONCE):
        _run(["scancel", "--quiet", *signal, *job_ids[start : start + _AT_ONCE]])


def _ask(selection: Sequence[str]) -> dict[str, Queued]:
    done = _run(["squeue", "--noheader", "--array", "--states=all", "--format=%i|%T|%r", *selection])
    if done.returncode and "Invalid job id" not in done.stderr:  # of jobs that it has forgotten
        raise QueueError(" ".join(done.stderr.split()) or f"squeue exited with status {done.returncode}")
    lines = [line.strip().split("|") for line in done.stdout.splitlines() if line.count("|") >= 2]
    return {job_id: Queued(state, reason) for job_id, state, reason, *_ in lines}


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    if shutil.which(command[0]) is None:
        raise QueueError(f"there is no {command[0]} on this machine")
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise QueueError(str(error)) from error
