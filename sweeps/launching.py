"""The jobs of a multirun, one after the other, under one parent run that ends as they did."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hydra.core.utils import JobReturn, JobStatus, configure_log, run_job, setup_globals
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from sweeps.errors import ConfigError
from sweeps.table import print_sweep_table
from sweeps.tracking.git import git_tags
from sweeps.tracking.opened import OpenRun, one_line, opened_run
from sweeps.tracking.params import sweep_name, telling_overrides
from sweeps.tracking.process import mark_dead_runs, process_tags
from sweeps.tracking.signals import was_interrupted
from sweeps.tracking.store import Store, open_store

if TYPE_CHECKING:
    from hydra.types import HydraContext, TaskFunction

GRID = "grid"  # folder of a parent's artifacts: what each job changes, a JSON file a batch


@dataclass
class _Sweep:
    """The jobs' configs, and what became of them."""

    name: str
    configs: list[DictConfig]
    first: int
    results: list[JobReturn] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def launch(
    launcher_config: DictConfig,
    hydra_context: HydraContext,
    task_function: TaskFunction,
    job_overrides: Sequence[Sequence[str]],
    initial_job_idx: int,
) -> Sequence[JobReturn]:
    """Run jobs in this process, one after the other, and print what they came to.

    A job that raises, or calls ``sys.exit``, leaves the others running; Ctrl-C and SIGTERM end the sweep. Exceptions of
    the classes in ``task_function.told``, and ConfigError, are told in one line, others with their traceback.

    Args:
        launcher_config: the sweep's own composition.
        hydra_context: of the multirun.
        task_function: what a job calls with its config.
        job_overrides: what each job changes.
        initial_job_idx: number of the first job.

    Raises:
        SystemExit: status 1, when any job failed.
        ConfigError: a config that does not compose, or a store that does not open.
    """
    setup_globals()
    configure_log(launcher_config.hydra.hydra_logging, launcher_config.hydra.verbose)
    configs = [hydra_context.config_loader.load_sweep_config(launcher_config, list(o)) for o in job_overrides]
    typed = list(launcher_config.hydra.overrides.task)
    sweep = _Sweep(sweep_name(launcher_config, typed or _flat(job_overrides)), configs, initial_job_idx)
    store = open_store(launcher_config.tracking, str(launcher_config.output_dir))
    mark_dead_runs(store)
    tags = {"sweep": sweep.name, "overrides": json.dumps(typed), **git_tags()}
    earlier = _earlier_batch(store, sweep.name) if initial_job_idx else None
    with opened_run(store, name=sweep.name, tags=tags, resume_id=earlier) as parent:
        # so that a report can tell a job that never began from one that nobody asked for
        grid = json.dumps([list(job) for job in job_overrides])
        store.client.log_text(parent.run_id, grid, f"{GRID}/{initial_job_idx}.json")
        try:
            _run_jobs(sweep, parent, hydra_context, task_function)
        finally:
            configure_log(launcher_config.hydra.hydra_logging, launcher_config.hydra.verbose)
            print_sweep_table(store, parent.run_id)
        if sweep.failures:
            _report(sweep)
            parent.end_as("FAILED", f"{len(sweep.failures)} of {len(configs)} jobs failed")
            raise SystemExit(1)
    return sweep.results


def _flat(job_overrides: Sequence[Sequence[str]]) -> list[str]:
    return [override for overrides in job_overrides for override in overrides]


def _earlier_batch(store: Store, name: str) -> str | None:
    """Find the parent run that this process opened for an earlier batch of the same sweep."""
    own = {"sweep": name, **process_tags()}
    query = " and ".join(f"tags.{key} = '{value}'" for key, value in own.items())
    runs = store.client.search_runs([store.experiment_id], query, max_results=5000)
    parents = [run.info.run_id for run in runs if "mlflow.parentRunId" not in run.data.tags]
    return parents[0] if parents else None


def _run_jobs(sweep: _Sweep, parent: OpenRun, context: HydraContext, task_function: TaskFunction) -> None:
    for index, config in enumerate(sweep.configs):
        number = sweep.first + index
        told = " ".join(telling_overrides(config.hydra.overrides.task))
        print(f"\n[{number + 1}/{sweep.first + len(sweep.configs)}] {told}", flush=True)
        with read_write(config), open_dict(config):
            config.hydra.job.id, config.hydra.job.num = str(number), number
            OmegaConf.update(config, "sweep.parent_run_id", parent.run_id, force_add=True)
            OmegaConf.update(config, "sweep.name", sweep.name, force_add=True)
        result = _run_one(config, context, task_function)
        sweep.results.append(result)
        if result.status is not JobStatus.COMPLETED:
            error = result._return_value
            sweep.failures.append(f"job {number + 1} ({told or 'as it is'}): {_told(error, task_function)}")


def _run_one(config: DictConfig, context: HydraContext, task_function: TaskFunction) -> JobReturn:
    """Run one job; an exit of it is a failure of its own, an interrupt goes on up."""
    try:
        return run_job(
            hydra_context=context,
            task_function=task_function,
            config=config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
        )
    except SystemExit as error:
        if was_interrupted(error):
            raise
        result = JobReturn(list(config.hydra.overrides.task), config, status=JobStatus.FAILED)
        result.return_value = error
        return result


def _told(error: BaseException, task_function: TaskFunction) -> str:
    """Say in one line why a job failed; a traceback first, where the user is not the one to mend it."""
    expected: tuple[type[BaseException], ...] = (ConfigError, *getattr(task_function, "told", ()))
    if isinstance(error, SystemExit):
        return f"it exited with status {error.code}"
    if isinstance(error, expected):
        return " ".join(str(error).split())
    traceback.print_exception(error)
    return one_line(error)


def _report(sweep: _Sweep) -> None:
    sys.stdout.flush()
    print(f"\n{len(sweep.failures)} of {len(sweep.configs)} jobs failed:", file=sys.stderr)
    for failure in sweep.failures:
        print(f"  {failure}", file=sys.stderr)
