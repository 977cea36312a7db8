"""What a job knows beside its configuration: handed on from the command to the function that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sweeps.config.limits import NO_LIMITS, Limits

ProgressListener = Callable[[float, float, str], None]


@dataclass(frozen=True)
class JobContext:
    """Where a job belongs, and who hears how far it is. The default is a job of its own, in no sweep.

    Attributes:
        overrides: what was typed for it, kept with its run.
        label: what sets it apart from the other jobs of its sweep.
        parent_run_id: run of its sweep.
        cell: both hashes of what it computes, `sweeps.tracking.cell.Cell`; None where nobody has hashed it yet.
        resume_run_id: run of the same cell that was cut off, to go on with.
        trial: which trial of a search it is, `sweeps.search.pruning.Membership`.
        left_out: jobs that its sweep is made without, and why.
        limits: what the rooms say about their arguments.
        expected_errors: exceptions whose message is for the user, and names arguments that become keys.
        listener: hears how far it is; None where nobody does.
    """

    overrides: tuple[str, ...] = ()
    label: str = ""
    parent_run_id: str | None = None
    cell: tuple[str, str] | None = None
    resume_run_id: str | None = None
    trial: Any = None
    left_out: tuple[str, ...] = ()
    limits: Limits = NO_LIMITS
    expected_errors: tuple[type[Exception], ...] = ()
    listener: ProgressListener | None = None

    @property
    def in_sweep(self) -> bool:
        """Whether the job belongs to a sweep, whose driver has opened the store already."""
        return self.parent_run_id is not None

    def without_listener(self) -> JobContext:
        """Return the context as another process of the same job gets it."""
        return replace(self, listener=None)

    def report(self, done: float, total: float, text: str) -> None:
        """Say how far the job is.

        Args:
            done: of `total`, in any unit.
            total: above 0.
            text: a few words, such as ``epoch 3/30  val 0.81``.
        """
        if self.listener is not None:
            self.listener(done, total, text)
