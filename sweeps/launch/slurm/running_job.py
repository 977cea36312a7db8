"""One job while it is with Slurm: what Slurm says of it, how far it says it is, and how it ended."""

from __future__ import annotations

import contextlib
import json
import re
import time
from dataclasses import dataclass
from typing import Any

from sweeps.launch.job import Job, State
from sweeps.launch.slurm.node_task import JobFailedError, progress_file
from sweeps.runtime.squeue import RUNNING, Queued

FORGOTTEN = Queued("GONE", "Slurm has forgotten it")


@dataclass
class RunningJob:
    """A job that is with Slurm.

    Args:
        job: of the sweep.
        slurm_id: such as 12_3.
        handle: submitit's `SlurmJob`.
    """

    job: Job
    slurm_id: str
    handle: Any
    _progress_seen: float = 0.0
    _gone_since: float | None = None

    def hear(self, now: Queued) -> None:
        """Take in what Slurm says."""
        job = self.job
        if now.state == RUNNING and job.state is State.WAITING:
            job.start(None)
        elif now.lives and now.state not in (RUNNING, "COMPLETING"):
            if job.state is State.RUNNING:  # preempted, or out of time
                job.state, job.tries = State.WAITING, job.tries - 1
                job.error = "Slurm has queued it again; it will go on"
            job.text = f"in the queue: {now.reason}"
        elif not now.lives and self._gone_since is None:
            self._gone_since = time.monotonic()
            job.error = f"Slurm says {now.state}"

    def read_progress(self) -> None:
        """Take in how far the job says it is."""
        file = progress_file(self.job.log)
        with contextlib.suppress(OSError, ValueError, KeyError):
            changed = file.stat().st_mtime
            if changed != self._progress_seen:
                said = json.loads(file.read_text())
                self._progress_seen = changed
                self.job.done, self.job.total, self.job.text = said["done"], said["total"], said["text"]

    def settle(self, late_files: float) -> bool:
        """Say how the job ended, if it has.

        Args:
            late_files: seconds that a file from a node may take to be seen here.
        """
        job = self.job
        if self.handle.paths.result_pickle.is_file():
            why = self.handle.exception()
            self._was_started()
            if why is None:
                job.value = self.handle.result()
                job.end(State.FINISHED)
            else:
                job.end(State.FAILED, line_of(str(why)))
            return True
        if self._gone_since is None or time.monotonic() - self._gone_since < late_files:
            return False
        said = job.error
        self._was_started()
        job.end(State.KILLED, f"{said}, and it left no result, as where it is killed or memory runs out{self._hint()}")
        return True

    def _was_started(self) -> None:
        if self.job.state is State.WAITING:  # between two questions to Slurm
            self.job.start(None)

    def _hint(self) -> str:
        """Say where to look, of a job that did not get as far as its own log."""
        early = self.handle.paths.stderr
        if self.job.log.exists():
            return ""
        return f"; see {early}" if early.exists() else f"; is {early.parent} on a file system that its node has, too?"


def line_of(trace: str) -> str:
    """Return what a job said went wrong, out of submitit's traceback."""
    name = re.escape(f"{JobFailedError.__module__}.{JobFailedError.__qualname__}")
    if ours := re.findall(rf"^{name}: (.*)$", trace, re.MULTILINE):
        return str(ours[-1])
    errors = re.findall(r"^[\w.]+(?:Error|Exception|Exit|Interrupt): .*$", trace, re.MULTILINE)
    return str(errors[-1]) if errors else " ".join(trace.split())[:300]
