"""Hands a sweep's jobs to Slurm, watches them to their end, and ends them with itself."""

from __future__ import annotations

import contextlib
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from sweeps.errors import ConfigError
from sweeps.launch import submissions
from sweeps.launch.job import ENDED_WITH_SWEEP, Job, State
from sweeps.launch.slurm.node_task import SlurmTask
from sweeps.launch.slurm.options import SlurmOptions, outside_any_job
from sweeps.launch.slurm.running_job import FORGOTTEN, RunningJob
from sweeps.launch.submissions import Batch, Task
from sweeps.runtime import squeue
from sweeps.runtime.signals import held_signals

_LOOK = 0.5  # seconds between looks at the files of jobs
_ASK = 2.0  # seconds between questions to Slurm at first; longer and longer, up to
_ASK_SELDOM = 30.0
_GRACE = 4.0  # seconds from the request to end until SIGKILL
LATE_FILES = 20.0  # seconds that a file from a node may take to be seen here, on a file system of a network
_ARRAY = 1000  # tasks: one fewer than Slurm's default MaxArraySize


class Driver:
    """Runs jobs in Slurm.

    Args:
        options: of the launcher.
        record: file that keeps which jobs are with Slurm.
        pickle: makes of a job what its process is sent.
        slug: of the sweep, for names in Slurm.
        ignore_code: cells count whatever the code was.
        max_retries: how often a job that failed or died is handed over again.
        fail_fast: after a job has failed for good, cancel all others.
    """

    def __init__(
        self,
        options: SlurmOptions,
        record: Path,
        pickle: Callable[[Job], bytes],
        slug: str,
        *,
        ignore_code: bool = False,
        max_retries: int = 0,
        fail_fast: bool = False,
    ) -> None:
        self.options = options
        self.record = record
        self.pickle = pickle
        self.slug = slug
        self.ignore_code = ignore_code
        self.max_retries = max_retries
        self.fail_fast = fail_fast
        self.running: list[RunningJob] = []
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
        queued = squeue.look_up([job_id for batch in batches for job_id in batch.ids()])
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
        return [running.slurm_id for running in self.running]

    def _take_up(self, job: Job, task: Task, job_id: str, folder: str) -> None:
        from submitit import SlurmJob

        handle: SlurmJob[object] = SlurmJob(folder, job_id)
        if not handle.paths.submitted_pickle.is_file():  # the driver died while it handed it over: nothing to do in it
            squeue.cancel([job_id])
            return
        job.log = Path(task.log)
        self.running.append(RunningJob(job, job_id, handle))

    def submit(self, jobs: Sequence[Job]) -> list[str]:
        """Hand jobs over. Signals wait meanwhile.

        Returns:
            Their ids in Slurm.

        Raises:
            ConfigError: Slurm refuses them.
        """
        parts = [jobs[start : start + _ARRAY] for start in range(0, len(jobs), _ARRAY)]
        parallelism = max(1, self.options.array_parallelism // max(1, len(parts)))
        before = len(self.running)
        for part in parts:
            with held_signals():
                self._submit(part, parallelism)
        return [running.slurm_id for running in self.running[before:]]

    def _submit(self, jobs: Sequence[Job], parallelism: int) -> None:
        from submitit.core.utils import FailedJobError, FailedSubmissionError

        folder = jobs[0].log.parent / "slurm"
        name = f"{self.slug}-{uuid.uuid4().hex[:8]}"
        tasks = tuple(Task(job.cell, _any_code(job), str(job.log)) for job in jobs)
        batch = Batch(name, str(folder), tasks)
        self._batches.append(batch)
        submissions.write(self.record, self._batches)
        executor = self.options.executor(folder, name, parallelism)
        tasks_of_jobs = [SlurmTask(self.pickle(job), str(job.log), self.ignore_code) for job in jobs]
        try:
            with outside_any_job():
                handles = executor.submit_array(tasks_of_jobs)
        except (FailedJobError, FailedSubmissionError) as error:
            with contextlib.suppress(
                squeue.QueueError
            ):  # Ctrl-C at the terminal ends sbatch too, maybe after it was heard
                squeue.cancel(list(squeue.look_up_name(name)))
                self._batches.remove(batch)
                submissions.write(self.record, self._batches)
            why = " ".join(str(error).replace("sbatch: error: ", "").split())
            raise ConfigError(
                f"Slurm refuses the jobs: {why}; the keys of hydra.launcher say what they ask for"
            ) from None
        self._batches[-1] = replace(batch, job_id=handles[0].job_id.partition("_")[0])
        submissions.write(self.record, self._batches)
        self.running += [RunningJob(job, handle.job_id, handle) for job, handle in zip(jobs, handles, strict=True)]

    def watch(self, changed: Callable[[], None]) -> None:
        """Follow the jobs to their end; of each, state, error and value say how it went.

        Whatever is raised meanwhile, such as KeyboardInterrupt, first cancels the jobs.

        Args:
            changed: called whenever something may be new to show.
        """
        began, asked = time.monotonic(), float("-inf")
        try:
            while self.running:
                now = time.monotonic()
                if now - asked >= min(_ASK_SELDOM, max(_ASK, (now - began) / 60)):
                    asked = now
                    self._ask()
                self._look()
                changed()
                time.sleep(_LOOK + len(self.running) / 1000)
        finally:
            self.cancel_all()
            changed()

    def _ask(self) -> None:
        """Take in what Slurm says."""
        try:
            queued = squeue.look_up([running.slurm_id for running in self.running])
        except squeue.QueueError as error:
            if not self._silent:
                print(
                    f"Slurm does not answer ({error}); its jobs go on, this waits for it", file=sys.stderr, flush=True
                )
            self._silent = True
            return
        self._silent = False
        for running in self.running:
            running.hear(queued.get(running.slurm_id, FORGOTTEN))

    def _look(self) -> None:
        """Take in what the jobs wrote, and see to those that have ended."""
        again: list[Job] = []
        for running in list(self.running):
            if running.job.state is State.RUNNING:
                running.read_progress()
            if not running.settle(self.late_files):
                continue
            self.running.remove(running)
            self.ended_ids.append(running.slurm_id)
            job = running.job
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

    def cancel_all(self) -> None:
        """Cancel the jobs that live: asked first, killed after a few seconds, or at once at a second interrupt."""
        ids = [running.slurm_id for running in self.running]
        if not ids:
            return
        try:
            self._cancel(ids)
        except squeue.QueueError as error:  # they stay on the record
            print(f"Slurm does not answer ({error}); its jobs go on: scancel {' '.join(ids)}", file=sys.stderr)
            self.leave()
            return
        for running in self.running:
            if not running.settle(self.late_files) and running.job.state is State.RUNNING:
                running.job.end(State.KILLED, ENDED_WITH_SWEEP)
        self.ended_ids += ids
        self.running.clear()

    def _cancel(self, ids: Sequence[str]) -> None:
        squeue.cancel(ids)
        with contextlib.suppress(KeyboardInterrupt):
            deadline = time.monotonic() + _GRACE
            while time.monotonic() < deadline and _any_lives(ids):
                time.sleep(0.25)
        if _any_lives(ids):
            squeue.cancel(ids, kill=True)

    def leave(self) -> list[str]:
        """Let the jobs go on without a driver; a later one attaches to them."""
        left = [running.slurm_id for running in self.running]
        for running in self.running:
            running.job.state = State.LEFT
        self.running.clear()
        return left

    def forget_ended(self) -> None:
        """Strike what is over off the record."""
        ended = set(self.ended_ids)
        self._batches = [batch for batch in self._batches if batch.job_id is None or not ended.issuperset(batch.ids())]
        submissions.write(self.record, self._batches)


def _any_code(job: Job) -> str:
    return job.context.cell[1] if job.context.cell else job.cell


def _any_lives(ids: Sequence[str]) -> bool:
    return any(queued.lives for queued in squeue.look_up(ids).values())
