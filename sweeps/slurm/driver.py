"""Hands a sweep's jobs to Slurm, watches them to their end, and ends them with itself."""

from __future__ import annotations

import contextlib
import json
import re
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sweeps.errors import ConfigError
from sweeps.jobs import Job, State
from sweeps.slurm import queue, submissions
from sweeps.slurm.job import JobFailedError, SlurmTask, progress_file
from sweeps.slurm.options import SlurmOptions, outside_any_job
from sweeps.slurm.submissions import Batch, Task
from sweeps.tracking.signals import held_signals

_LOOK = 0.5  # seconds between looks at the files of jobs
_ASK = 2.0  # seconds between questions to Slurm at first; longer and longer, up to
_ASK_SELDOM = 30.0
_GRACE = 4.0  # seconds from the request to end until SIGKILL
LATE_FILES = 20.0  # seconds that a file from a node may take to be seen here, on a file system of a network
_ARRAY = 1000  # tasks: one fewer than Slurm's default MaxArraySize


@dataclass
class Going:
    """A job that is with Slurm."""

    job: Job
    slurm_id: str
    handle: Any  # submitit.SlurmJob
    progress_seen: float = 0.0
    gone_since: float | None = None


class Driver:
    """Runs jobs in Slurm.

    Args:
        options: of the launcher.
        record: file that keeps which jobs are with Slurm.
        order: makes a job's pickled order.
        slug: of the sweep, for names in Slurm.
        ignore_code: cells count whatever the code was.
        max_retries: how often a job that failed or died is handed over again.
        fail_fast: after a job has failed for good, cancel all others.
    """

    def __init__(
        self,
        options: SlurmOptions,
        record: Path,
        order: Callable[[Job], bytes],
        slug: str,
        *,
        ignore_code: bool = False,
        max_retries: int = 0,
        fail_fast: bool = False,
    ) -> None:
        self.options = options
        self.record = record
        self.order = order
        self.slug = slug
        self.ignore_code = ignore_code
        self.max_retries = max_retries
        self.fail_fast = fail_fast
        self.going: list[Going] = []
        self.ended_ids: list[str] = []  # of jobs that are over, whatever their runs say
        self._batches: list[Batch] = []
        self._silent = False
        self.late_files = LATE_FILES  # seconds; less where nodes and driver share a disk

    def attach(self, jobs: Sequence[Job]) -> list[str]:
        """Take up those of the jobs that wait which an earlier driver has handed over and which live.

        Returns:
            Their ids in Slurm.

        Raises:
            QueueError: Slurm does not answer.
        """
        batches = [batch.found() for batch in submissions.read(self.record)]
        queued = queue.look_up([job_id for batch in batches for job_id in batch.ids()])
        waiting = {job.cell: job for job in jobs if job.state is State.WAITING}
        kept = []
        for batch in batches:
            alive = [
                (task, job_id)
                for task, job_id in zip(batch.tasks, batch.ids(), strict=False)
                if job_id in queued and queued[job_id].lives
            ]
            kept += [batch] if alive else []
            for task, job_id in alive:
                job = waiting.pop(task.any_code if self.ignore_code else task.cell, None)
                if job is not None:
                    self._take_up(job, task, job_id, batch.folder)
        self._batches = kept
        submissions.write(self.record, kept)
        return [going.slurm_id for going in self.going]

    def _take_up(self, job: Job, task: Task, job_id: str, folder: str) -> None:
        from submitit import SlurmJob

        handle: SlurmJob[object] = SlurmJob(folder, job_id)
        if not handle.paths.submitted_pickle.is_file():  # the driver died while it handed it over: nothing to do in it
            queue.cancel([job_id])
            return
        job.log = Path(task.log)
        self.going.append(Going(job, job_id, handle))

    def submit(self, jobs: Sequence[Job]) -> list[str]:
        """Hand jobs over. Signals wait meanwhile.

        Returns:
            Their ids in Slurm.

        Raises:
            ConfigError: Slurm refuses them.
        """
        parts = [jobs[start : start + _ARRAY] for start in range(0, len(jobs), _ARRAY)]
        parallelism = max(1, self.options.array_parallelism // max(1, len(parts)))
        before = len(self.going)
        for part in parts:
            with held_signals():
                self._submit(part, parallelism)
        return [going.slurm_id for going in self.going[before:]]

    def _submit(self, jobs: Sequence[Job], parallelism: int) -> None:
        from submitit.core.utils import FailedJobError, FailedSubmissionError

        folder = jobs[0].log.parent / "slurm"
        name = f"{self.slug}-{uuid.uuid4().hex[:8]}"
        tasks = tuple(Task(job.cell, _any_code(job), str(job.log)) for job in jobs)
        batch = Batch(name, str(folder), tasks)
        submissions.write(self.record, [*self._batches, batch])
        executor = self.options.executor(folder, name, parallelism)
        orders = [SlurmTask(self.order(job), str(job.log), self.ignore_code) for job in jobs]
        try:
            with outside_any_job():
                handles = executor.submit_array(orders)
        except (FailedJobError, FailedSubmissionError) as error:
            submissions.write(self.record, self._batches)
            why = " ".join(str(error).replace("sbatch: error: ", "").split())
            raise ConfigError(
                f"Slurm refuses the jobs: {why}; the keys of hydra.launcher say what they ask for"
            ) from None
        self._batches.append(replace(batch, job_id=handles[0].job_id.partition("_")[0]))
        submissions.write(self.record, self._batches)
        self.going += [Going(job, handle.job_id, handle) for job, handle in zip(jobs, handles, strict=True)]

    def watch(self, changed: Callable[[], None]) -> None:
        """Follow the jobs to their end; of each, state, error and value say how it went.

        Whatever is raised meanwhile, such as KeyboardInterrupt, first cancels the jobs.

        Args:
            changed: called whenever something may be new to show.
        """
        began, asked = time.monotonic(), float("-inf")
        try:
            while self.going:
                now = time.monotonic()
                if now - asked >= min(_ASK_SELDOM, max(_ASK, (now - began) / 60)):
                    asked = now
                    self._ask()
                self._look()
                changed()
                time.sleep(_LOOK + len(self.going) / 1000)
        finally:
            self.cancel_all()
            changed()

    def _ask(self) -> None:
        """Take in what Slurm says."""
        try:
            queued = queue.look_up([going.slurm_id for going in self.going])
        except queue.QueueError as error:
            if not self._silent:
                print(
                    f"Slurm does not answer ({error}); its jobs go on, this waits for it", file=sys.stderr, flush=True
                )
            self._silent = True
            return
        self._silent = False
        for going in self.going:
            now = queued.get(going.slurm_id, queue.Queued("GONE", "Slurm has forgotten it"))
            job = going.job
            if now.state == queue.RUNNING and job.state is State.WAITING:
                job.start(None)
            elif now.lives and now.state not in (queue.RUNNING, "COMPLETING"):
                if job.state is State.RUNNING:  # preempted, or out of time
                    job.state, job.tries = State.WAITING, job.tries - 1
                    job.error = "Slurm has queued it again; it will go on"
                job.text = f"in the queue: {now.reason}"
            elif not now.lives and going.gone_since is None:
                going.gone_since = time.monotonic()
                job.error = f"Slurm says {now.state}"

    def _look(self) -> None:
        """Take in what the jobs wrote, and see to those that have ended."""
        again: list[Job] = []
        for going in list(self.going):
            if going.job.state is State.RUNNING:
                _read_progress(going)
            if not self._judge(going):
                continue
            self.going.remove(going)
            self.ended_ids.append(going.slurm_id)
            job = going.job
            if job.state is State.FINISHED:
                continue
            if job.tries <= self.max_retries:
                again.append(job)
            elif self.fail_fast:
                again.clear()
                self.cancel_all()
                return
        if again:
            for job in again:
                job.state = State.WAITING
            self.submit(again)

    def _judge(self, going: Going) -> bool:
        """Say how a job ended, if it has."""
        job = going.job
        if going.handle.paths.result_pickle.is_file():
            why = going.handle.exception()
            _started(job)
            if why is None:
                job.value = going.handle.result()
                job.end(State.FINISHED)
            else:
                job.end(State.FAILED, _line_of(str(why)))
            return True
        if going.gone_since is None or time.monotonic() - going.gone_since < self.late_files:
            return False
        said = job.error
        _started(job)
        job.end(State.KILLED, f"{said}, and it left no result, as where it is killed or memory runs out{_hint(going)}")
        return True

    def cancel_all(self) -> None:
        """Cancel the jobs that live: asked first, killed after a few seconds, or at once at a second interrupt."""
        ids = [going.slurm_id for going in self.going]
        if not ids:
            return
        with contextlib.suppress(queue.QueueError):
            queue.cancel(ids)
            with contextlib.suppress(KeyboardInterrupt):
                deadline = time.monotonic() + _GRACE
                while time.monotonic() < deadline and _any_lives(ids):
                    time.sleep(0.25)
            if _any_lives(ids):
                queue.cancel(ids, kill=True)
        for going in self.going:
            if going.job.state is State.RUNNING:
                going.job.end(State.KILLED, "it was cancelled with the sweep")
        self.ended_ids += ids
        self.going.clear()

    def leave(self) -> list[str]:
        """Let the jobs go on without a driver; a later one attaches to them."""
        left = [going.slurm_id for going in self.going]
        for going in self.going:
            going.job.state = State.LEFT
        self.going.clear()
        return left

    def forget_ended(self) -> None:
        """Strike what is over off the record."""
        ended = set(self.ended_ids)
        self._batches = [batch for batch in self._batches if not ended.issuperset(batch.ids())]
        submissions.write(self.record, self._batches)


def _any_code(job: Job) -> str:
    cell = (job.config.get("sweep") or {}).get("cell")
    return str(cell[1]) if cell else job.cell


def _started(job: Job) -> None:
    if job.state is State.WAITING:  # between two questions
        job.start(None)


def _hint(going: Going) -> str:
    """Say where to look, of a job that did not get as far as its own log."""
    early = going.handle.paths.stderr
    if going.job.log.exists():
        return ""
    return f"; see {early}" if early.exists() else f"; is {early.parent} on a file system that its node has, too?"


def _any_lives(ids: Sequence[str]) -> bool:
    return any(queued.lives for queued in queue.look_up(ids).values())


def _read_progress(going: Going) -> None:
    file = progress_file(going.job.log)
    with contextlib.suppress(OSError, ValueError, KeyError):
        changed = file.stat().st_mtime
        if changed != going.progress_seen:
            said = json.loads(file.read_text())
            going.progress_seen = changed
            going.job.done, going.job.total, going.job.text = said["done"], said["total"], said["text"]


def _line_of(trace: str) -> str:
    """Give what a job said went wrong, of submitit's account of it."""
    name = re.escape(f"{JobFailedError.__module__}.{JobFailedError.__qualname__}")
    if ours := re.findall(rf"^{name}: (.*)$", trace, re.MULTILINE):
        return str(ours[-1])
    errors = re.findall(r"^[\w.]+(?:Error|Exception|Exit|Interrupt): .*$", trace, re.MULTILINE)
    return str(errors[-1]) if errors else " ".join(trace.split())[:300]
