"""Pruning from inside a job: it tells the study how each epoch went, and hears whether to go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeps.runtime.job_context import JobContext

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
        self._study: Study | None = None
        self._trial_id = 0

    def should_stop(self, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Tell the study of all epochs so far, and ask whether the latest was the last.

        Args:
            rows: of each epoch ``epoch``, from 1, and ``values`` by name. Those that the study knows already, from
                before a resume, it is not told again.
        """
        from optuna.exceptions import UpdateFinishedTrialError

        study = self._open()
        storage, metric = study._storage, self.membership.metric
        known = storage.get_trial(self._trial_id).intermediate_values
        try:
            for row in rows:
                if row["epoch"] not in known and metric in row["values"]:
                    storage.set_trial_intermediate_value(self._trial_id, row["epoch"], row["values"][metric])
        except UpdateFinishedTrialError:  # a job that outlived its driver, on another machine
            return False
        return study.pruner.prune(study, storage.get_trial(self._trial_id))

    def _open(self) -> Study:
        if self._study is None:
            import optuna

            from sweeps.search.journal import journal_storage

            own = self.membership
            optuna.logging.set_verbosity(optuna.logging.WARNING)
            storage = journal_storage(Path(own.journal))
            self._study = optuna.load_study(study_name=own.study, storage=storage, pruner=own.pruner.make())
            self._trial_id = storage.get_trial_id_from_study_id_trial_number(self._study._study_id, own.number)
        return self._study


def pruner_of(job: JobContext) -> Callable[[Sequence[Mapping[str, Any]]], bool] | None:
    """Return what says of a job of a search, after each epoch, that it has no prospects; None where there is none."""
    return TrialPruner(job.trial).should_stop if job.trial else None
