"""Pruning from inside a job: it tells the study how each epoch went, and hears whether to go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeps.runtime.job_context import JobContext
from sweeps.search.optuna_internals import read_trial, report_values

if TYPE_CHECKING:
    from optuna import Study
    from optuna.pruners import BasePruner


@dataclass(frozen=True)
class Pruner:
    """Which trials end early.

    Args:
        name: median, hyperband or none.
        startup_trials: complete trials before the first is pruned, by median.
        warmup_epochs: that every trial trains.
        max_epochs: that a whole trial trains; None where trials differ in it.
    """

    name: str
    startup_trials: int
    warmup_epochs: int
    max_epochs: int | None

    def make(self) -> BasePruner:
        """Return the pruner of Optuna."""
        from optuna.pruners import HyperbandPruner, MedianPruner, NopPruner

        if self.name == "median":
            return MedianPruner(self.startup_trials, self.warmup_epochs)
        if self.name == "hyperband":
            most: Any = "auto" if self.max_epochs is None else max(self.max_epochs, self.warmup_epochs)
            return HyperbandPruner(self.warmup_epochs, most)
        return NopPruner()


@dataclass(frozen=True)
class Membership:
    """Which trial a job is; its `JobContext` carries this as ``trial``.

    Args:
        journal: file of the study.
        study: its name.
        number: of the trial.
        metric: that it is judged by.
        pruner: which trials end early.
    """

    journal: str
    study: str
    number: int
    metric: str
    pruner: Pruner


class TrialPruner:
    """Tells the study of a job's epochs, and says when the job has no prospects. Opens the study at the first epoch."""

    def __init__(self, membership: Membership) -> None:
        self.membership = membership

    @cached_property
    def study(self) -> Study:
        """The study, opened by this process."""
        import optuna

        from sweeps.search.journal import journal_storage

        own = self.membership
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        return optuna.load_study(
            study_name=own.study, storage=journal_storage(Path(own.journal)), pruner=own.pruner.make()
        )

    def should_stop(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Tell the study of all epochs so far, and ask whether the latest was the last.

        Args:
            rows: of each epoch ``epoch``, from 1, and ``values`` by name. Those that the study knows already, from
                before a resume, it is not told again.
        """
        from optuna.exceptions import UpdateFinishedTrialError

        number, metric = self.membership.number, self.membership.metric
        trial = read_trial(self.study, number)
        values = {row["epoch"]: row["values"][metric] for row in rows if metric in row["values"]}
        try:
            report_values(self.study, trial, trial.intermediate_values, values)
        except UpdateFinishedTrialError:  # a job that outlived its driver, on another machine
            return False
        return self.study.pruner.prune(self.study, read_trial(self.study, number))


def pruner_of(job: JobContext) -> Callable[[Sequence[Mapping[str, Any]]], bool] | None:
    """Return what says of a job of a search, after each epoch, that it has no prospects; None where there is none."""
    return TrialPruner(job.trial).should_stop if job.trial else None
