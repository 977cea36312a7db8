"""A multirun: its jobs under one parent run that ends as they did; only what is not finished yet is run."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.utils import JobReturn, configure_log, setup_globals
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from sweeps.cells import Cell, cell_of
from sweeps.claims import Claim, only_driver, wait_for_others
from sweeps.errors import ConfigError
from sweeps.grid import Asked, write_grid
from sweeps.jobs import Job, State
from sweeps.order import Order, TaskReference
from sweeps.plan import Plan
from sweeps.summary import summarize
from sweeps.table import print_sweep_table
from sweeps.tracking.git import source_tags
from sweeps.tracking.opened import OpenRun, opened_run
from sweeps.tracking.params import sweep_name, telling_overrides
from sweeps.tracking.process import mark_dead_runs
from sweeps.tracking.signals import was_interrupted
from sweeps.tracking.store import Store, open_store

if TYPE_CHECKING:
    from hydra.types import HydraContext, TaskFunction


@dataclass(frozen=True)
class Options:
    """What the node `sweep` of a config says of carrying a sweep out."""

    retry_failed: bool = True
    max_retries: int = 0
    fail_fast: bool = False
    ignore_code: bool = False

    @classmethod
    def of(cls, config: DictConfig) -> Options:
        """Read them; a root without such keys has the defaults."""
        node = config.get("sweep") or {}
        return cls(**{name: node[name] for name in cls.__dataclass_fields__ if node.get(name) is not None})


# Runs those jobs of a sweep that wait.
RunJobs = Callable[[Sequence[Job], "Sweep"], None]


def launch(
    launcher_config: DictConfig,
    hydra_context: HydraContext,
    task_function: TaskFunction,
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
    typed = list(launcher_config.hydra.overrides.task)
    name = sweep_name(launcher_config, typed or [override for overrides in job_overrides for override in overrides])
    store = open_store(launcher_config.tracking, str(launcher_config.output_dir))
    with only_driver(store.output_dir, name):
        wait_for_others(store.output_dir, name, on_slurm=on_slurm)
        mark_dead_runs(store)
        tags = {"sweep": name, "overrides": json.dumps(typed), **source_tags()}
        with opened_run(store, name=name, tags=tags, resume_id=_earlier_parent(store, name)) as parent:
            sweep = Sweep(name, store, parent, hydra_context, task_function, Options.of(launcher_config))
            sweep.typed = [*launcher_config.hydra.overrides.hydra, *typed]
            sweep.script = f"{launcher_config.hydra.job.name}.py"
            jobs = sweep.make_jobs(configs, initial_job_idx, Path(str(launcher_config.hydra.sweep.dir)))
            sweep.plan(jobs)
            with _summed_up(store, parent.run_id):
                run_jobs(jobs, sweep)
            sweep.judge(jobs)
    return [job.as_return() for job in jobs]


@contextlib.contextmanager
def _summed_up(store: Store, parent_id: str) -> Iterator[None]:
    """Print what all jobs came to after the block, however it ends; who interrupts it does not wait for the store."""
    try:
        yield
    except BaseException as error:
        if not was_interrupted(error):
            _sum_up(store, parent_id)
            raise
        store.hurry()
        with contextlib.suppress(ConfigError):  # the store has gone away: the next command marks the runs
            _sum_up(store, parent_id)
        raise
    _sum_up(store, parent_id)


def _sum_up(store: Store, parent_id: str) -> None:
    mark_dead_runs(store)  # of jobs that were killed
    summarize(store, parent_id)
    print_sweep_table(store, parent_id)


def _earlier_parent(store: Store, name: str) -> str | None:
    """Find the run of the same sweep that an earlier command, or an earlier batch of this one, has opened."""
    runs = store.client.search_runs([store.experiment_id], f"tags.sweep = '{name}'", max_results=5000)
    parents = [run.info.run_id for run in runs if "mlflow.parentRunId" not in run.data.tags]
    return parents[0] if parents else None


class Sweep:
    """One sweep, under its open parent run."""

    def __init__(
        self,
        name: str,
        store: Store,
        parent: OpenRun,
        context: HydraContext,
        task: TaskFunction,
        options: Options,
    ) -> None:
        self.name = name
        self.store = store
        self.parent = parent
        self.context = context
        self.task = task
        self.options = options
        self.typed: list[str] = []  # the command's overrides
        self.script = ""
        self._plan = Plan(store, parent.run_id, ignore_code=options.ignore_code, retry_failed=options.retry_failed)
        self._cells: dict[int, Cell] = {}

    def make_jobs(self, configs: Sequence[DictConfig], first: int, folder: Path) -> list[Job]:
        """Make a job of each config, told where it belongs."""
        folder.mkdir(parents=True, exist_ok=True)
        digest_of: Callable[[DictConfig], str] = getattr(self.task, "digest_of", lambda _: "")
        jobs = []
        for number, config in enumerate(configs, first):
            cell = self._cells[number] = cell_of(config, digest_of(config))
            with read_write(config), open_dict(config):
                config.hydra.job.id, config.hydra.job.num = str(number), number
                config.hydra.sweep.dir = str(folder)  # it holds the time, which goes on
                told = self._telling(config)
                own = {"name": self.name, "parent_run_id": self.parent.run_id, "run_id": None, "cell": list(cell)}
                OmegaConf.update(config, "sweep", {**own, "job_name": told or None}, force_add=True)
            key = cell.any_code if self.options.ignore_code else cell.id
            jobs.append(Job(number, config, told, key, folder / f"{number + 1}.log"))
        return jobs

    def _telling(self, config: DictConfig) -> str:
        """Say what sets a job apart: what was typed as it is, and not swept over, is the same in all of them."""
        told = telling_overrides(config.hydra.overrides.task)
        return " ".join(override.lstrip("+") for override in told if override not in self.typed)

    def plan(self, jobs: Sequence[Job]) -> None:
        """Find out what is left to do, and say it."""
        self._plan.settle(jobs)
        asked = [Asked(job.cell, list(job.config.hydra.overrides.task)) for job in jobs if job.state is not State.SAME]
        write_grid(self.store.client, self.parent.run_id, jobs[0].number, asked)
        finished = sum(job.state is State.FINISHED for job in jobs)
        if finished:
            print(f"{finished} of {len(jobs)} jobs of the sweep {self.name} are finished already", flush=True)
        if not self.options.ignore_code:
            older = self._plan.other_code(jobs, {job.cell: self._cells[job.number].any_code for job in jobs})
            if older:
                print(f"{older} were finished by other code, and run again; sweep.ignore_code=true lets them count")

    def prepare(self, job: Job) -> bytes:
        """Make a job's order: the run it goes on with is looked up right before it starts."""
        self._plan.go_on(job)
        return self.order(job)

    def order(self, job: Job) -> bytes:
        """Make the order of a job that looks for the run to go on with itself."""
        import cloudpickle
        from hydra.core.singleton import Singleton

        task, owner = TaskReference.of(self.task), Claim(self.store.output_dir, self.name, job.cell)
        order = Order(task, self.context, Singleton.get_state(), job.config, owner)
        return bytes(cloudpickle.dumps(order))

    def judge(self, jobs: Sequence[Job]) -> None:
        """Say what failed, and fail with it."""
        if any(job.state is State.LEFT for job in jobs):
            self.parent.end_as("SCHEDULED")  # MLflow's word for what is to go on without this process
            return
        bad = [job for job in jobs if job.state not in (State.FINISHED, State.SAME)]
        if not bad:
            return
        sys.stdout.flush()
        print(f"\n{len(bad)} of {len(jobs)} jobs failed:", file=sys.stderr)
        for job in bad:
            where = f"; output in {job.log}" if job.log.exists() else ""
            why = job.error or "it was not started"
            print(f"  job {job.number + 1} ({job.told or 'as it is'}): {why}{where}", file=sys.stderr)
        self.parent.end_as("FAILED", f"{len(bad)} of {len(jobs)} jobs failed")
        raise SystemExit(1)


def set_threads(jobs: Sequence[Job], threads: int) -> None:
    """Give the jobs that leave their number of threads open this one; it is kept with their runs."""
    for job in jobs:
        if "num_threads" in job.config and job.config.num_threads is None:
            with read_write(job.config):
                job.config.num_threads = threads
