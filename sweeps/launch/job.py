"""One job of a sweep: what it is to do, how far it is, and how it ended."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig

from sweeps.runtime.job_context import JobContext


class State(StrEnum):
    """Where a job is; the words that people read."""

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    KILLED = "killed"
    SAME = "same"  # as another job of the sweep, which is run once for both
    LEFT = "left"  # with a cluster, where it goes on without a driver


ENDED_WITH_SWEEP = "it was ended with the sweep"  # error of a job that did nothing wrong itself
ENDED = (State.FINISHED, State.FAILED, State.KILLED, State.SAME)


@dataclass
class Job:
    """One job.

    Args:
        number: from 0, within the whole sweep.
        config: composed, with Hydra's own part.
        context: where it belongs, and which run it goes on with.
        cell: hash of what it computes, by which its runs are found; see `sweeps.tracking.cell`.
        log: where its output goes.
    """

    number: int
    config: DictConfig
    context: JobContext
    cell: str
    log: Path
    state: State = State.WAITING
    earlier: bool = False  # it ended before this command
    tries: int = 0
    error: str | None = None
    value: Any = None
    pid: int | None = None
    done: float = 0.0  # as the job reports it, of `total`
    total: float = 0.0
    text: str = ""
    started: float = 0.0
    seconds: float = field(default=0.0)

    def start(self, pid: int | None) -> None:
        """Note that it runs from now on."""
        self.state, self.pid, self.error = State.RUNNING, pid, None
        self.tries += 1
        self.started = time.monotonic()
        self.done, self.text = 0.0, ""

    def end(self, state: State, error: str | None = None) -> None:
        """Note that it has ended."""
        self.state, self.error = state, error
        self.seconds = time.monotonic() - self.started

    @property
    def label(self) -> str:
        """What sets it apart from the other jobs, as it was typed."""
        return self.context.label

    @property
    def failed(self) -> bool:
        """Whether it failed or died, and was not ended with others."""
        return self.state in (State.FAILED, State.KILLED) and self.error != ENDED_WITH_SWEEP

    @property
    def seconds_left(self) -> float | None:
        """Of a running job, by what it has done so far; None before anything is."""
        if self.state is not State.RUNNING or not self.done or not self.total:
            return None
        return (time.monotonic() - self.started) * (self.total - self.done) / self.done

    def as_return(self) -> JobReturn:
        """Return what Hydra's sweepers get."""
        completed = self.state in (State.FINISHED, State.SAME, State.LEFT)
        result = JobReturn(
            overrides=list(self.config.hydra.overrides.task),
            cfg=self.config,
            hydra_cfg=None,
            working_dir=str(self.log.parent),
            task_name=str(self.config.hydra.job.name),
            status=JobStatus.COMPLETED if completed else JobStatus.FAILED,
        )
        result.return_value = self.value if completed else RuntimeError(self.error or str(self.state))
        return result
