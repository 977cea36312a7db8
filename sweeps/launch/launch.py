"""A multirun: its jobs under one parent run that ends as they did; only what is not finished yet is run."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.utils import JobReturn, configure_log, setup_globals
from omegaconf import DictConfig

from sweeps.errors import ConfigError
from sweeps.launch.locks import only_driver, wait_for_others
from sweeps.launch.sweep import OpenSweep, RunJobs
from sweeps.launch.task import Task
from sweeps.results.parent_run import summarize
from sweeps.results.ranking import Ranking
from sweeps.results.runs import read_runs
from sweeps.results.table import print_sweep_table
from sweeps.runtime.signals import was_interrupted
from sweeps.tracking.git import source_tags
from sweeps.tracking.lifecycle import opened_run
from sweeps.tracking.params import sweep_name
from sweeps.tracking.recovery import mark_dead_runs
from sweeps.tracking.store import Store, open_store

if TYPE_CHECKING:
    from hydra.types import HydraContext, TaskFunction


def launch(
    launcher_config: DictConfig,
    hydra_context: HydraContext,
    task_function: TaskFunction | Task,
    job_overrides: Sequence[Sequence[str]],
    initial_job_idx: int,
    run_jobs: RunJobs,
    on_slurm: bool = False,
) -> Sequence[JobReturn]:
    """Run the jobs of a multirun that are not finished yet, and print what all of them came to.

    A job that fails, or dies, leaves the others running; Ctrl-C and SIGTERM end the sweep.

    Args:
        launcher_config: the sweep's own composition.
        hydra_context: of the multirun.
        task_function: what a job calls with its config.
        job_overrides: what each job changes.
        initial_job_idx: number of the first job.
        run_jobs: runs them.
        on_slurm: it attaches to jobs in Slurm that an earlier command has left there.

    Raises:
        SystemExit: status 1, when any job failed.
        ConfigError: a config that does not compose, a store that does not open, or another driver has the sweep.
    """
    setup_globals()
    configure_log(launcher_config.hydra.hydra_logging, launcher_config.hydra.verbose)
    configs = [hydra_context.config_loader.load_sweep_config(launcher_config, list(o)) for o in job_overrides]
    folder = Path(str(launcher_config.hydra.sweep.dir))
    task = Task.of(task_function)
    if batch := task.batch:
        jobs = batch.run(configs, initial_job_idx, folder, run_jobs)
        return [job.as_return() for job in jobs]
    typed = list(launcher_config.hydra.overrides.task)
    name = sweep_name(launcher_config, typed or [override for overrides in job_overrides for override in overrides])
    store = open_store(launcher_config.tracking, str(launcher_config.output_dir))
    opened = opened_sweep(launcher_config, store, name, hydra_context, task)
    with driving(store, name, on_slurm=on_slurm), opened as sweep:
        with summed_up(store, sweep.parent.run_id):
            jobs = sweep.run(configs, initial_job_idx, folder, run_jobs)
        sweep.conclude(jobs)
    return [job.as_return() for job in jobs]


@contextlib.contextmanager
def driving(store: Store, name: str, *, on_slurm: bool = False) -> Iterator[None]:
    """Be the one driver of a sweep in the block, once what an earlier one has left is gone.

    Args:
        store: of its runs.
        name: of the sweep.
        on_slurm: attach to jobs in Slurm that an earlier driver has left there.

    Raises:
        ConfigError: another driver has the sweep.
    """
    with only_driver(store.output_dir, name):
        wait_for_others(store.output_dir, name, on_slurm=on_slurm)
        mark_dead_runs(store)
        yield


@contextlib.contextmanager
def opened_sweep(config: DictConfig, store: Store, name: str, context: HydraContext, task: Task) -> Iterator[OpenSweep]:
    """Open a sweep's parent run for the block, the one of an earlier command where there is one."""
    tags = {"sweep": name, "overrides": json.dumps(list(config.hydra.overrides.task)), **source_tags()}
    tags["sweep.left_out"] = json.dumps(task.left_out, ensure_ascii=False)  # [] in place of an earlier command's
    with opened_run(store, name=name, tags=tags, resume_id=_earlier_parent(store, name)) as parent:
        yield OpenSweep(name, store, parent, context, task, config)


@contextlib.contextmanager
def summed_up(store: Store, parent_id: str, rank: Callable[[], Ranking] | None = None) -> Iterator[None]:
    """Print what all jobs came to after the block, however it ends; who interrupts it does not wait for the store.

    Args:
        store: of the runs.
        parent_id: the sweep's run.
        rank: ranks the jobs of a search; without it the best is chosen by `sweeps.results.ranking`.
    """
    try:
        yield
    except BaseException as error:
        if not was_interrupted(error):
            _sum_up(store, parent_id, rank)
            raise
        store.shorten_patience()
        with contextlib.suppress(ConfigError):  # the store has gone away: the next command marks the runs
            _sum_up(store, parent_id, rank)
        raise
    _sum_up(store, parent_id, rank)


def _sum_up(store: Store, parent_id: str, rank: Callable[[], Ranking] | None) -> None:
    mark_dead_runs(store)  # of jobs that were killed
    runs, ranking = read_runs(store, parent_id), rank() if rank else None
    summarize(store, parent_id, runs.current, ranking)
    print_sweep_table(store, runs, ranking)


def _earlier_parent(store: Store, name: str) -> str | None:
    """Find the run of the same sweep that an earlier command, or an earlier batch of this one, has opened."""
    runs = store.client.search_runs([store.experiment_id], f"tags.sweep = '{name}'", max_results=5000)
    parents = [run.info.run_id for run in runs if "mlflow.parentRunId" not in run.data.tags]
    return parents[0] if parents else None
