"""Which jobs of a sweep are still to be run, and which run each of them goes on with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from omegaconf import DictConfig, OmegaConf, read_write

from sweeps.launch.job import Job, State
from sweeps.tracking.lifecycle import set_tags
from sweeps.tracking.recovery import mark_dead_runs
from sweeps.tracking.rerun import LAST_CHECKPOINT
from sweeps.tracking.store import Store
from sweeps.tracking.sweep_runs import CELL, CELL_ANY_CODE, children_of, is_whole

if TYPE_CHECKING:
    from mlflow.entities import Run


class Plan:
    """What the store has of a sweep, and what follows for its jobs.

    Args:
        store: where the runs are.
        parent_id: the sweep's run.
        ignore_code: a run counts whatever the code was that made it.
        retry_failed: run failed cells again.

    Attributes:
        pruned_counts: whether a run that a search ended early is a finished one.
        finished_counts: whether a job that has a finished run need not be run.
    """

    pruned_counts = False
    finished_counts = True

    def __init__(self, store: Store, parent_id: str, *, ignore_code: bool, retry_failed: bool) -> None:
        self.store = store
        self.parent_id = parent_id
        self.tag = CELL_ANY_CODE if ignore_code else CELL
        self.retry_failed = retry_failed

    def settle(self, jobs: Sequence[Job]) -> None:
        """Mark the jobs that need not be run: finished earlier, failed and not to be tried again, or twice the same."""
        runs = children_of(self.store, self.parent_id)
        by_cell: dict[str, list[Run]] = {}
        for run in runs if self.pruned_counts else filter(is_whole, runs):
            by_cell.setdefault(run.data.tags.get(self.tag, ""), []).append(run)
        seen: set[str] = set()
        for job in jobs:
            if job.cell in seen:
                job.state = State.SAME
                continue
            seen.add(job.cell)
            self._settle(job, by_cell.get(job.cell, []))

    def _settle(self, job: Job, runs: Sequence[Run]) -> None:
        statuses = {run.info.status: run for run in reversed(runs)}
        if (finished := statuses.get("FINISHED")) and self.finished_counts:
            job.state, job.earlier, job.value = State.FINISHED, True, dict(finished.data.metrics)
        elif (failed := statuses.get("FAILED")) and not self.retry_failed:
            job.state, job.earlier = State.FAILED, True
            job.error = (
                f"{failed.data.tags.get('error', 'it failed')} (earlier; sweep.retry_failed=true tries it again)"
            )

    def other_code(self, jobs: Sequence[Job], any_code: dict[str, str]) -> int:
        """Count the waiting jobs that have a finished run by other code.

        Args:
            jobs: of the sweep.
            any_code: for each job's cell its hash without the code.
        """
        waiting = [job for job in jobs if job.state is State.WAITING]
        if not waiting:  # the question is slow for thousands of runs
            return 0
        done = {run.data.tags.get(CELL_ANY_CODE) for run in self.finished()}
        return sum(any_code[job.cell] in done for job in waiting)

    def finished(self) -> list[Run]:
        """Find the runs that have finished, the latest first."""
        runs = children_of(self.store, self.parent_id, "and attributes.status = 'FINISHED'")
        return runs if self.pruned_counts else list(filter(is_whole, runs))

    def go_on(self, job: Job) -> None:
        """Have a job go on with the run of its cell that was cut off, where there is one, or start anew.

        A run that was cut off before its first epoch's end is deleted: nothing is in it. A run that failed stays, and
        its job starts anew.
        """
        mark_dead_runs(self.store)
        found = children_of(self.store, self.parent_id, f"and tags.{self.tag} = '{job.cell}'")
        for run in found:
            if run.info.status == "FAILED":
                set_tags(self.store, run.info.run_id, {"tried_again": "true"})
        resumed = next((run for run in found if run.info.status == "KILLED" and self._has_checkpoint(run)), None)
        for run in found:
            if run.info.status == "KILLED" and run is not resumed:
                self.store.client.delete_run(run.info.run_id)
        job.context = replace(job.context, resume_run_id=resumed.info.run_id if resumed else None)
        if resumed:
            _same_threads(job.config, resumed)

    def _has_checkpoint(self, run: Run) -> bool:
        return bool((self.store.output_dir / "runs" / run.info.run_id / LAST_CHECKPOINT).is_file())


def _same_threads(config: DictConfig, run: Run) -> None:
    """Go on with as many threads as the run was begun with: others can give other last digits."""
    threads = json.loads(run.data.params.get("num_threads", "null"))
    if "num_threads" in config:
        with read_write(config):
            OmegaConf.update(config, "num_threads", threads)
