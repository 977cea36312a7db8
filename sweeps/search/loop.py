"""The loop of a search: suggest a batch of trials, launch it, tell the study how it went."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.config.search_settings import Settings
from sweeps.config.search_space import Space
from sweeps.launch.job import Job
from sweeps.launch.sweep import OpenSweep, TrialBatch
from sweeps.search.optuna_internals import live_trial, report_values
from sweeps.search.pruning import Membership
from sweeps.search.study import CELL, ERROR, RUN_ID, counted, retry_failed, suggest, written
from sweeps.search.trial_result import TrialResult, read_trial_result
from sweeps.tracking.recovery import mark_dead_runs

if TYPE_CHECKING:
    from hydra.plugins.launcher import Launcher
    from optuna import Study
    from optuna.trial import FrozenTrial, Trial

_ROUNDS = 5  # batches that a search has at the least, unless n_jobs says otherwise


class Search:
    """One search that is being carried out.

    Args:
        settings: how.
        space: of what.
        study: what is known so far.
        sweep: its parent run, open.
        launcher: runs batches of it.
        membership: of its trials, but for their numbers.
    """

    def __init__(
        self,
        settings: Settings,
        space: Space,
        study: Study,
        sweep: OpenSweep,
        launcher: Launcher,
        membership: Membership,
    ) -> None:
        self.settings = settings
        self.space = space
        self.study = study
        self.sweep = sweep
        self.launcher = launcher
        self.membership = membership
        # Later trials are to learn from earlier ones, however many the machine could run at once.
        few = max(1, settings.n_trials // _ROUNDS)
        self.batch: int = settings.n_jobs or getattr(launcher, "side_by_side", lambda jobs: jobs)(few)

    def run(self) -> bool:
        """Run trials until there are as many as asked for; with ``sweep.fail_fast`` until the first fails.

        Returns:
            Whether there are as many.
        """
        if self.sweep.options.retry_failed:
            retry_failed(self.study)
        done = self._counted()
        self._recall(done)
        number = len(done)
        options = dataclasses.replace(self.sweep.options, jobs=self.settings.n_trials, batch=self.batch)
        self.sweep.run_in_batches(options)
        while batch := self._next():
            jobs = self._launch(batch, number)
            number += len(batch)
            if options.fail_fast and any(job.failed for job in jobs):
                return False
        return True

    def _counted(self) -> list[FrozenTrial]:
        return counted(self.study.get_trials(deepcopy=False))

    def _recall(self, done: Sequence[FrozenTrial]) -> None:
        """Keep with the sweep that the trials of earlier commands are asked for by this one too, and say it."""
        if not done:
            return
        self.sweep.ask_for([(trial.user_attrs.get(CELL), written(self.space, trial)) for trial in done])
        of_all = f" of {self.settings.n_trials}" if len(done) <= self.settings.n_trials else ""
        print(f"{len(done)}{of_all} trials of the search {self.sweep.name} have ended already")

    def _next(self) -> list[Trial]:
        """Return the next trials: those that a driver which was killed has left, else new ones, else none."""
        from optuna.trial import TrialState

        begun = self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        if begun:
            return [live_trial(self.study, trial) for trial in begun[: self.batch]]
        missing = self.settings.n_trials - len(self._counted())
        return [self.study.ask() for _ in range(min(self.batch, missing))]

    def _launch(self, trials: Sequence[Trial], first: int) -> Sequence[Job]:
        points = [suggest(self.study, self.settings, self.space, trial) for trial in trials]
        memberships = {
            number: dataclasses.replace(self.membership, number=trial.number)
            for number, trial in enumerate(trials, first)
        }
        sweep = self.sweep
        task = dataclasses.replace(sweep.task, batch=TrialBatch(sweep, memberships))
        self.launcher.setup(hydra_context=sweep.context, task_function=task, config=sweep.config)
        self.launcher.launch(points, initial_job_idx=first)
        mark_dead_runs(self.sweep.store)  # of jobs that were killed
        jobs, runs = self.sweep.jobs, self.sweep.finished_runs()
        errors = {job.cell: job.error for job in jobs if job.error}  # of two trials at the same point one is run
        for trial, job in zip(trials, jobs, strict=True):
            run = runs.get(job.cell)
            if run is not None:
                self._tell(trial, job, read_trial_result(self.sweep.store.client, run, self.settings.metric))
            elif job.failed or not self.sweep.options.fail_fast:  # else it was ended, or not started, for another one
                self._tell_failure(trial, job, errors.get(job.cell, "it was not started"))
        return jobs

    def _tell(self, trial: Trial, job: Job, result: TrialResult) -> None:
        from optuna.trial import TrialState

        if result.value is None:
            advice = "type another hydra.sweeper.metric and sweep.name"
            self._tell_failure(trial, job, f"it has logged no {self.settings.metric}; {advice}")
            return
        # A baseline, or a job that was not run as this trial, has not told the study itself.
        known = self.study.get_trials(deepcopy=False)[trial.number].intermediate_values
        report_values(self.study, trial, known, result.curve)
        trial.set_user_attr(CELL, list(self.sweep.cell_of(job)))
        trial.set_user_attr(RUN_ID, result.run_id)
        if result.pruned:
            self.study.tell(trial, state=TrialState.PRUNED)
        else:
            self.study.tell(trial, result.value)

    def _tell_failure(self, trial: Trial, job: Job, error: str) -> None:
        from optuna.trial import TrialState

        trial.set_user_attr(CELL, list(self.sweep.cell_of(job)))
        trial.set_user_attr(ERROR, f"{error}; output in {job.log}" if Path(job.log).exists() else error)
        self.study.tell(trial, state=TrialState.FAIL)
