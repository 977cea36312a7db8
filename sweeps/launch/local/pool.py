"""Runs jobs side by side in processes of their own, and ends all of them when it ends itself."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from sweeps.launch.job import ENDED_WITH_SWEEP, Job, State
from sweeps.launch.local.resources import Share
from sweeps.launch.local.worker import GRACE, PRELOADED, work

_LOOK = 0.25  # seconds between looks at jobs that say nothing

Prepare = Callable[[Job], bytes]
Changed = Callable[[], None]


def start_forkserver() -> None:
    """Have the process that jobs are forked from import what they need, beside whatever goes on here meanwhile."""
    from multiprocessing import forkserver

    # Read by mlflow when it is imported; with it no thread calls home, and the forkserver must not have any.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    multiprocessing.set_forkserver_preload(PRELOADED)
    forkserver.ensure_running()


@dataclass
class _JobProcess:
    job: Job
    slot: int
    process: BaseProcess
    pipe: Connection


class Pool:
    """Runs jobs.

    Args:
        share: how many side by side, and what each gets.
        prepare: pickles a job, right before it starts.
        changed: called whenever something is new to show, and now and then.
        max_retries: how often a job that failed or died is tried again.
        fail_fast: after a job has failed for good, end those that run and start none.
    """

    def __init__(
        self, share: Share, prepare: Prepare, changed: Changed, max_retries: int = 0, fail_fast: bool = False
    ) -> None:
        self.share = share
        self.prepare = prepare
        self.changed = changed
        self.max_retries = max_retries
        self.fail_fast = fail_fast
        self._running: list[_JobProcess] = []
        self._context = multiprocessing.get_context("forkserver")

    def run(self, jobs: Sequence[Job]) -> None:
        """Run those jobs that wait, to their end; of each, state, error and value say how it went.

        Whatever is raised meanwhile, such as KeyboardInterrupt, first ends the jobs that run: within five seconds,
        their runs marked, those that wait still waiting.
        """
        waiting = [job for job in jobs if job.state is State.WAITING]
        try:
            while waiting or self._running:
                while waiting and len(self._running) < len(self.share.slots):
                    self._start(waiting.pop(0))
                for ended in self._look():
                    if ended.state is State.FINISHED:
                        continue
                    if ended.tries <= self.max_retries:
                        waiting.append(ended)
                    elif self.fail_fast:
                        waiting.clear()
                        self.end_all()
                self.changed()
        finally:
            self.end_all()
            self.changed()

    def _start(self, job: Job) -> None:
        payload = self.prepare(job)
        slot = min(set(range(len(self.share.slots))) - {running.slot for running in self._running})
        gpus = self.share.slots[slot]
        environment = {"CUDA_VISIBLE_DEVICES": ",".join(gpus)} if gpus else {}
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=work, args=(payload, theirs, str(job.log), environment), name=f"job {job.number + 1}"
        )
        process.start()
        theirs.close()  # so that the job's end, however it comes, closes the pipe
        job.start(process.pid)
        self._running.append(_JobProcess(job, slot, process, ours))

    def _look(self) -> list[Job]:
        """Wait for news; return the jobs that have ended."""
        wait([thing for running in self._running for thing in (running.pipe, running.process.sentinel)], timeout=_LOOK)
        ended = []
        for running in list(self._running):
            _read(running)
            if running.process.exitcode is not None:
                _read(running)  # what it said last
                _settle(running)
                self._running.remove(running)
                running.pipe.close()
                ended.append(running.job)
        return ended

    def end_all(self) -> None:
        """End the jobs that run: asked first, killed after a few seconds, or at once at a second interrupt."""
        if not self._running:
            return
        for running in self._running:
            _signal(running.process, signal.SIGTERM)
        with contextlib.suppress(KeyboardInterrupt):
            deadline = time.monotonic() + GRACE
            while any(running.process.exitcode is None for running in self._running) and time.monotonic() < deadline:
                wait([running.process.sentinel for running in self._running], timeout=0.05)
        for running in self._running:
            if running.process.exitcode is None:
                _signal(running.process, signal.SIGKILL)
            running.process.join()
            running.pipe.close()
            running.job.end(State.KILLED, ENDED_WITH_SWEEP)
        self._running.clear()


def _signal(process: BaseProcess, signum: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        if process.pid is not None and process.exitcode is None:
            os.kill(process.pid, signum)


def _read(running: _JobProcess) -> None:
    """Take in what a job has said."""
    job = running.job
    with contextlib.suppress(EOFError, OSError):
        while running.pipe.poll():
            kind, content = running.pipe.recv()
            if kind == "progress":
                job.done, job.total, job.text = content
            else:
                job.value, job.error = content.value, content.error


def _settle(running: _JobProcess) -> None:
    """Say how a job ended, from its exit status and what it said."""
    job, status = running.job, running.process.exitcode or 0
    if status == 0:
        job.end(State.FINISHED)
    elif status < 0:
        name = signal.Signals(-status).name
        why = ", as the kernel does where memory runs out" if name == "SIGKILL" else ""
        job.end(State.KILLED, f"it was killed by {name}{why}")
    else:
        job.end(State.FAILED, job.error or f"it exited with status {status}")
