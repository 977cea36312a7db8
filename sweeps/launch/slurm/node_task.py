"""One job of a sweep on a compute node: goes on where it was cut off, and has itself queued again before it is."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from sweeps.launch.job import Job
from sweeps.runtime import squeue
from sweeps.runtime.atomic import write_json_atomically
from sweeps.runtime.redirect import write_to
from sweeps.runtime.signals import Terminated

if TYPE_CHECKING:
    from submitit.core.utils import DelayedSubmission

    from sweeps.launch.payload import Payload
    from sweeps.tracking.store import Store

_PROGRESS_EVERY = 1.0  # seconds


class JobFailedError(Exception):
    """A job went wrong; the message is the one line that the driver tells. With it Slurm shows the job as FAILED."""


class SlurmTask:
    """What a Slurm job does. submitit calls it, and asks for `checkpoint` before it has the job queued again.

    Args:
        payload: a pickled `sweeps.launch.payload.Payload`.
        log: file that stdout and stderr are appended to.
        ignore_code: look for the cell's runs whatever the code was that made them.
    """

    def __init__(self, payload: bytes, log: str, ignore_code: bool) -> None:
        self.payload = payload
        self.log = log
        self.ignore_code = ignore_code

    def checkpoint(self) -> DelayedSubmission:
        """Return what is to be done after the job was queued again: the same; it finds its last checkpoint itself."""
        from submitit.core.utils import DelayedSubmission

        return DelayedSubmission(self)

    def __call__(self) -> Any:
        """Do the job.

        Returns:
            What the task returned, where that can be sent.

        Raises:
            JobFailedError: the task failed, or Slurm had no more turns for it.
            SystemExit: the job is queued again, or was cancelled.
        """
        import cloudpickle

        from sweeps.launch.payload import explain_failure, run_payload

        write_to(self.log)
        ending = Ending()
        payload: Payload = cloudpickle.loads(self.payload)
        try:
            finished = self._find_run(payload)
        except Exception as error:
            raise JobFailedError(explain_failure(error, payload.expected_errors, payload.context.limits)) from None
        if isinstance(finished, dict):
            return finished
        try:
            result = run_payload(finished, ProgressFile(progress_file(Path(self.log))))
        except SystemExit:
            if ending.out_of_turns:
                raise JobFailedError(ending.out_of_turns) from None
            raise
        if ending.began:  # it ends as queued again, whatever the way up made of it
            sys.exit(1)
        if result.error is not None:
            raise JobFailedError(result.error)
        return result.value if _can_be_sent(result.value) else None

    def _find_run(self, payload: Payload) -> Payload | dict[str, float]:
        """Have the job go on with its cell's run; or return the metrics of one that has finished meanwhile."""
        from sweeps.errors import ConfigError
        from sweeps.launch.plan import Plan
        from sweeps.tracking.store import open_store, store_exists
        from sweeps.tracking.sweep_runs import children_of

        config = payload.config
        if not store_exists(config.tracking):  # a new one on this node's disk would be seen by nobody
            raise ConfigError(
                f"tracking.uri={config.tracking.uri} is not on node {os.uname().nodename}, which needs it; type "
                "tracking=server tracking.uri=http://HOST:5000"
            )
        store = open_store(config.tracking, str(config.output_dir))
        plan = Plan(store, str(payload.context.parent_run_id), ignore_code=self.ignore_code, retry_failed=True)
        own = children_of(store, plan.parent_id, f"and tags.{plan.tag} = '{payload.lock.cell}'")
        for run in own:
            if run.info.status == "FINISHED" and not config.sweep.get("repeat_finished"):
                return dict(run.data.metrics)
            if run.info.status == "RUNNING":
                take_over(store, run)
        job = Job(0, config, payload.context, payload.lock.cell, Path(self.log))
        plan.go_on(job)
        return replace(payload, context=job.context)


def take_over(store: Store, run: Any) -> None:
    """Mark a run as cut off whose process has gone: it was this Slurm job's before it was queued again, or has died.

    Raises:
        ConfigError: it goes on elsewhere.
    """
    from sweeps.errors import ConfigError
    from sweeps.runtime.process import is_alive
    from sweeps.tracking.recovery import end_dead_run

    tags = run.data.tags
    if tags.get("slurm_job_id") != squeue.own_job_id() and is_alive(tags):
        raise ConfigError(
            f"run {run.info.run_id} of the same cell is still going, in process {tags.get('pid')} on {tags.get('host')}"
        )
    end_dead_run(store, run)


def _can_be_sent(value: Any) -> bool:
    import cloudpickle

    try:
        cloudpickle.dumps(value)
    except (TypeError, AttributeError, ValueError):
        return False
    return True


class Ending:
    """Signals that Slurm ends a job with, handled in this process only: loader processes are forks that inherit them.

    submitit's signal (USR2, before the time limit and at preemption) has the job queued again. SIGTERM comes at
    preemption too, on most clusters alone, but also when a job is cancelled: Slurm knows which.

    Attributes:
        began: one of them came.
        out_of_turns: why the job is not queued again; "" where it is.
    """

    def __init__(self) -> None:
        from submitit.core.job_environment import JobEnvironment

        self.began = False
        self.out_of_turns = ""
        self._owner = os.getpid()
        self._requeue_signal = getattr(signal, f"SIG{JobEnvironment.USR_SIG}")
        self._requeue: Any = signal.getsignal(self._requeue_signal)
        signal.signal(self._requeue_signal, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        if self.began or os.getpid() != self._owner:
            return
        self.began = True
        if signum == signal.SIGTERM and not _runs_on():
            raise Terminated(signum)
        self._queue_again(frame)

    def _queue_again(self, frame: FrameType | None) -> None:
        from submitit.core.utils import UncompletedJobError

        try:
            self._requeue(self._requeue_signal, frame)
        except UncompletedJobError as error:
            # Cut off, not failed: the run can be gone on with.
            self.out_of_turns = (
                f"{str(error).rstrip('.')}; the same command goes on with it: give it more time, "
                "hydra.launcher.timeout_min, or more turns, hydra.launcher.max_num_timeout"
            )
            raise Terminated(signal.SIGTERM) from None


def _runs_on() -> bool:
    """Whether Slurm has not ended this job yet: it is preempted, and has some time left."""
    own = squeue.own_job_id()
    try:
        queued = squeue.look_up([own] if own else [])
    except squeue.QueueError:
        return False
    return any(job.state == squeue.RUNNING for job in queued.values())


def progress_file(log: Path) -> Path:
    """Return the file that says how far the job with this log is."""
    return log.with_suffix(".progress.json")


class ProgressFile:
    """Keeps how far a job is in a file, whole at every moment, since nothing else reaches the driver from a node."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._written = float("-inf")

    def __call__(self, done: float, total: float, text: str) -> None:
        """Write it, unless that was done a moment ago."""
        if time.monotonic() - self._written < _PROGRESS_EVERY and done < total:
            return
        self._written = time.monotonic()
        write_json_atomically(self.file, {"done": done, "total": total, "text": text})
