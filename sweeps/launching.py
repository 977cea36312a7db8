"""A multirun: its jobs under one parent run that ends as they did; only what is not finished yet is run."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.core.utils import JobReturn, configure_log, setup_globals
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from sweeps.cells import Cell, cell_of
from sweeps.claims import Claim, only_driver, wait_for_others
from sweeps.grid import Asked, write_grid
from sweeps.jobs import Job, State
from sweeps.order import Order, TaskReference
from sweeps.plan import Plan
from sweeps.table import print_sweep_table
from sweeps.tracking.git import git_tags
from sweeps.tracking.opened import OpenRun, opened_run
from sweeps.tracking.params import sweep_name, telling_overrides
from sweeps.tracking.process import mark_dead_runs
from sweeps.tracking.store import Store, open_store

if TYPE_CHECKING:
    from hydra.types import HydraContext, TaskFunction
    from mlflow.entities import Run

Prepare = Callable[[Job], bytes]


@dataclass(frozen=True)
class Options:
    """What the node `sweep` of a config says of carrying a sweep out."""

    retry_failed: bool = True
    max_retries: int = 0
    fail_fast: bool = False
    ignore_code: bool = False
    jobs: int = 0  # of the whole sweep, where a search launches them in batches; 0: those of the batch
    batch: int = 0  # jobs of one such batch, which the machine is shared out to, also where the last batch has fewer

    @classmethod
    def of(cls, config: DictConfig) -> Options:
        """Read them; a root without such keys has the defaults."""
        node = config.get("sweep") or {}
        names = ("retry_failed", "max_retries", "fail_fast", "ignore_code")
        return cls(**{name: node[name] for name in names if node.get(name) is not None})


_batched: list[OpenSweep] = []  # the sweep, if any, that a search launches batch by batch
# Runs the jobs that wait. Gets all jobs of the sweep, what makes a job's order right before it starts, and options.
RunJobs = Callable[[Sequence[Job], Prepare, Options], None]


def launch(
    launcher_config: DictConfig,
    hydra_context: HydraContext,
    task_function: TaskFunction,
    job_overrides: Sequence[Sequence[str]],
    initial_job_idx: int,
    run_jobs: RunJobs,
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

    Raises:
        SystemExit: status 1, when any job failed.
        ConfigError: a config that does not compose, a store that does not open, or another driver has the sweep.
    """
    setup_globals()
    configure_log(launcher_config.hydra.hydra_logging, launcher_config.hydra.verbose)
    configs = [hydra_context.config_loader.load_sweep_config(launcher_config, list(o)) for o in job_overrides]
    folder = Path(str(launcher_config.hydra.sweep.dir))
    if _batched:
        return [job.as_return() for job in _batched[-1].run(configs, initial_job_idx, folder, run_jobs)]
    typed = list(launcher_config.hydra.overrides.task)
    name = sweep_name(launcher_config, typed or [override for overrides in job_overrides for override in overrides])
    store = open_store(launcher_config.tracking, str(launcher_config.output_dir))
    with driving(store, name), opened_sweep(launcher_config, store, name, hydra_context, task_function) as sweep:
        try:
            jobs = sweep.run(configs, initial_job_idx, folder, run_jobs)
        finally:
            print_sweep_table(store, sweep.parent.run_id)
        sweep.judge(jobs)
    return [job.as_return() for job in jobs]


@contextmanager
def driving(store: Store, name: str) -> Iterator[None]:
    """Be the one driver of a sweep in the block, once what an earlier one has left is gone.

    Raises:
        ConfigError: another driver has the sweep.
    """
    with only_driver(store.output_dir, name):
        wait_for_others(store.output_dir, name)
        mark_dead_runs(store)
        yield


@contextmanager
def opened_sweep(
    config: DictConfig, store: Store, name: str, context: HydraContext, task: TaskFunction
) -> Iterator[OpenSweep]:
    """Open a sweep's parent run for the block, the one of an earlier command where there is one."""
    typed = list(config.hydra.overrides.task)
    tags = {"sweep": name, "overrides": json.dumps(typed), **git_tags()}
    with opened_run(store, name=name, tags=tags, resume_id=_earlier_parent(store, name)) as parent:
        yield OpenSweep(name, store, parent, context, task, Options.of(config))


def cells_of(configs: Sequence[DictConfig], task: TaskFunction) -> list[Cell]:
    """Hash what each job computes, by the digest of its data if the task gives one."""
    digest_of: Callable[[DictConfig], str] = getattr(task, "digest_of", lambda _: "")
    return [cell_of(config, digest_of(config)) for config in configs]


def _earlier_parent(store: Store, name: str) -> str | None:
    """Find the run of the same sweep that an earlier command, or an earlier batch of this one, has opened."""
    runs = store.client.search_runs([store.experiment_id], f"tags.sweep = '{name}'", max_results=5000)
    parents = [run.info.run_id for run in runs if "mlflow.parentRunId" not in run.data.tags]
    return parents[0] if parents else None


class OpenSweep:
    """One sweep, under its open parent run.

    Attributes:
        parent: that run.
        jobs: of the latest batch.
        marks: what the config of each job says of it at ``sweep``, by its number.
    """

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
        self.jobs: Sequence[Job] = []
        self.marks: dict[int, Mapping[str, Any]] = {}
        self._plan = Plan(store, parent.run_id, ignore_code=options.ignore_code, retry_failed=options.retry_failed)
        self._cells: dict[int, Cell] = {}

    @contextmanager
    def in_batches(self, options: Options) -> Iterator[None]:
        """Have what is launched in the block be batches of this sweep: no table, no verdict, failures given back."""
        self.options = options
        self._plan.pruned_counts = True
        _batched.append(self)
        try:
            yield
        finally:
            _batched.remove(self)

    def run(self, configs: Sequence[DictConfig], first: int, folder: Path, run_jobs: RunJobs) -> Sequence[Job]:
        """Run those jobs that are not finished yet; of each, state and error say how it went."""
        self.jobs = self.make_jobs(configs, first, folder)
        self.plan(self.jobs)
        try:
            run_jobs(self.jobs, self.prepare, self.options)
        finally:
            mark_dead_runs(self.store)  # of jobs that were killed
        return self.jobs

    def make_jobs(self, configs: Sequence[DictConfig], first: int, folder: Path) -> list[Job]:
        """Make a job of each config, told where it belongs."""
        folder.mkdir(parents=True, exist_ok=True)
        jobs = []
        for number, (config, cell) in enumerate(zip(configs, cells_of(configs, self.task), strict=True), first):
            self._cells[number] = cell
            with read_write(config), open_dict(config):
                config.hydra.job.id, config.hydra.job.num = str(number), number
                config.hydra.sweep.dir = str(folder)  # it holds the time, which goes on
                own = {"name": self.name, "parent_run_id": self.parent.run_id, "run_id": None, "cell": list(cell)}
                own |= self.marks.get(number, {})
                OmegaConf.update(config, "sweep", own, force_add=True)
            told = " ".join(telling_overrides(config.hydra.overrides.task))
            jobs.append(Job(number, config, told, self.key_of(cell), folder / f"{number + 1}.log"))
        return jobs

    def key_of(self, cell: Cell) -> str:
        """Give the hash by which the runs of a cell are found."""
        return cell.any_code if self.options.ignore_code else cell.id

    def plan(self, jobs: Sequence[Job]) -> None:
        """Find out what is left to do, and say it."""
        self._plan.settle(jobs)
        asked = [Asked(job.cell, list(job.config.hydra.overrides.task)) for job in jobs if job.state is not State.SAME]
        write_grid(self.store.client, self.parent.run_id, jobs[0].number, asked)
        finished = sum(job.state is State.FINISHED for job in jobs)
        if finished:
            print(f"{finished} of {len(jobs)} jobs of the sweep {self.name} are finished already")
        if not self.options.ignore_code:
            older = self._plan.other_code(jobs, {job.cell: self._cells[job.number].any_code for job in jobs})
            if older:
                print(f"{older} were finished by other code, and run again; sweep.ignore_code=true lets them count")

    def ask_for(self, jobs: Sequence[tuple[Sequence[str] | None, list[str]]]) -> None:
        """Keep that this command also asks for jobs of earlier ones: their cells' hashes, and overrides."""
        asked = [Asked(self.key_of(Cell(*cell)) if cell else "", overrides) for cell, overrides in jobs]
        write_grid(self.store.client, self.parent.run_id, 0, asked)

    def cell_of(self, job: Job) -> Cell:
        """Give both hashes of a job."""
        return self._cells[job.number]

    def finished_runs(self) -> dict[str, Run]:
        """Find the latest finished run of each cell, by its hash."""
        return {run.data.tags[self._plan.tag]: run for run in reversed(self._plan.finished())}

    def prepare(self, job: Job) -> bytes:
        """Make a job's order: the run it goes on with is looked up right before it starts."""
        import cloudpickle
        from hydra.core.singleton import Singleton

        self._plan.go_on(job)
        task, owner = TaskReference.of(self.task), Claim(self.store.output_dir, self.name, job.cell)
        order = Order(task, self.context, Singleton.get_state(), job.config, owner)
        return bytes(cloudpickle.dumps(order))

    def judge(self, jobs: Sequence[Job]) -> None:
        """Say what failed, and fail with it."""
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
