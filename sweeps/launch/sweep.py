"""A sweep while it is driven: its parent run, what is still to be done, and what its jobs are sent."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from sweeps.launch.job import Job, State
from sweeps.launch.locks import CellLock
from sweeps.launch.payload import Payload
from sweeps.launch.plan import Plan
from sweeps.launch.task import Task, TaskReference
from sweeps.tracking.cell import Cell, cell_of
from sweeps.tracking.lifecycle import OpenRun
from sweeps.tracking.params import telling_overrides
from sweeps.tracking.store import Store
from sweeps.tracking.sweep_runs import RequestedJob, write_grid

if TYPE_CHECKING:
    from hydra.types import HydraContext
    from mlflow.entities import Run


@dataclass(frozen=True)
class Options:
    """What the node `sweep` of a config says of carrying a sweep out."""

    retry_failed: bool = True
    max_retries: int = 0
    fail_fast: bool = False
    ignore_code: bool = False
    repeat_finished: bool = False
    jobs: int = 0  # of the whole sweep, where a search launches them in batches; 0: those of the batch
    batch: int = 0  # jobs of one such batch, which the machine is shared out to, also where the last batch has fewer

    @classmethod
    def of(cls, config: DictConfig) -> Options:
        """Read them; a root without such keys has the defaults."""
        node = config.get("sweep") or {}
        names = ("retry_failed", "max_retries", "fail_fast", "ignore_code", "repeat_finished")
        return cls(**{name: node[name] for name in names if node.get(name) is not None})


# Runs those jobs of a sweep that wait.
RunJobs = Callable[[Sequence[Job], "OpenSweep"], None]


def cells_of(configs: Sequence[DictConfig], task: Task) -> list[Cell]:
    """Hash what each job computes, by the digest of its data."""
    return [cell_of(config, task.digest_of(config), task.limits) for config in configs]


class OpenSweep:
    """One sweep, under its open parent run.

    Attributes:
        parent: that run.
        typed: the command's overrides.
        script: what was typed before them, as train.py.
        jobs: of the latest batch.
    """

    def __init__(
        self,
        name: str,
        store: Store,
        parent: OpenRun,
        context: HydraContext,
        task: Task,
        config: DictConfig,
    ) -> None:
        self.name = name
        self.store = store
        self.parent = parent
        self.context = context
        self.task = task
        self.config = config
        self.options = options = Options.of(config)
        self.typed = [*config.hydra.overrides.hydra, *config.hydra.overrides.task]
        self.script = f"{config.hydra.job.name}.py"
        self.jobs: Sequence[Job] = []
        self._plan = Plan(store, parent.run_id, ignore_code=options.ignore_code, retry_failed=options.retry_failed)
        self._plan.finished_counts = not options.repeat_finished
        self._cells: dict[int, Cell] = {}

    def run_in_batches(self, options: Options) -> None:
        """Expect batches from now on: a run that was pruned is a finished one."""
        self.options = options
        self._plan.pruned_counts = True

    def run(
        self,
        configs: Sequence[DictConfig],
        first: int,
        folder: Path,
        run_jobs: RunJobs,
        trials: Mapping[int, Any] = MappingProxyType({}),
    ) -> Sequence[Job]:
        """Run those jobs that are not finished yet; of each, state and error say how it went.

        Args:
            configs: of the jobs.
            first: number of the first.
            folder: for their output.
            run_jobs: runs those that wait.
            trials: which trial of a search each job is, by its number.
        """
        self.jobs = self.make_jobs(configs, first, folder, trials)
        self.plan(self.jobs)
        run_jobs(self.jobs, self)
        return self.jobs

    def make_jobs(
        self, configs: Sequence[DictConfig], first: int, folder: Path, trials: Mapping[int, Any]
    ) -> list[Job]:
        """Make a job of each config, with the context that says where it belongs."""
        folder.mkdir(parents=True, exist_ok=True)
        jobs = []
        for number, (config, cell) in enumerate(zip(configs, cells_of(configs, self.task), strict=True), first):
            self._cells[number] = cell
            with read_write(config), open_dict(config):
                config.hydra.job.id, config.hydra.job.num = str(number), number
                config.hydra.sweep.dir = str(folder)  # it holds the time, which goes on
                OmegaConf.update(config, "sweep.name", self.name, force_add=True)
            context = self.task.context(
                overrides=tuple(config.hydra.overrides.task),
                label=self._label(config),
                parent_run_id=self.parent.run_id,
                cell=cell,
                trial=trials.get(number),
            )
            jobs.append(Job(number, config, context, self.key_of(cell), folder / f"{number + 1}.log"))
        return jobs

    def _label(self, config: DictConfig) -> str:
        """Return what sets a job apart: what was typed as it is, and not swept over, is the same in all of them."""
        overrides = telling_overrides(config.hydra.overrides.task)
        return " ".join(override.lstrip("+") for override in overrides if override not in self.typed)

    def key_of(self, cell: Cell) -> str:
        """Return the hash by which the runs of a cell are found."""
        return cell.any_code if self.options.ignore_code else cell.id

    def plan(self, jobs: Sequence[Job]) -> None:
        """Find out what is still to be done, and print it."""
        self._plan.settle(jobs)
        asked = [
            RequestedJob(job.cell, list(job.config.hydra.overrides.task)) for job in jobs if job.state is not State.SAME
        ]
        write_grid(self.store.client, self.parent.run_id, jobs[0].number, asked)
        finished = sum(job.state is State.FINISHED for job in jobs)
        if finished:
            print(f"{finished} of {len(jobs)} jobs of the sweep {self.name} are finished already", flush=True)
        if not self.options.ignore_code:
            older = self._plan.other_code(jobs, {job.cell: self._cells[job.number].any_code for job in jobs})
            if older:
                print(f"{older} were finished by other code, and run again; sweep.ignore_code=true lets them count")

    def ask_for(self, jobs: Sequence[tuple[Sequence[str] | None, list[str]]]) -> None:
        """Keep that this command also asks for jobs of earlier ones: their cells' hashes, and overrides."""
        asked = [RequestedJob(self.key_of(Cell(*cell)) if cell else "", overrides) for cell, overrides in jobs]
        write_grid(self.store.client, self.parent.run_id, 0, asked)

    def cell_of(self, job: Job) -> Cell:
        """Return both hashes of a job."""
        return self._cells[job.number]

    def finished_runs(self) -> dict[str, Run]:
        """Find the latest finished run of each cell, by its hash."""
        return {run.data.tags[self._plan.tag]: run for run in reversed(self._plan.finished())}

    def prepare(self, job: Job) -> bytes:
        """Pickle a job right before it starts, with the run that it goes on with."""
        self._plan.go_on(job)
        return self.pickle(job)

    def pickle(self, job: Job) -> bytes:
        """Pickle a job that looks for the run to go on with itself."""
        import cloudpickle
        from hydra.core.singleton import Singleton

        payload = Payload(
            task=TaskReference.of(self.task),
            expected_errors=self.task.expected_errors,
            hydra=self.context,
            singletons=Singleton.get_state(),
            config=job.config,
            context=job.context,
            lock=CellLock(self.store.output_dir, self.name, job.cell),
        )
        return bytes(cloudpickle.dumps(payload))

    def conclude(self, jobs: Sequence[Job]) -> None:
        """Print what failed, and exit with status 1 if anything did."""
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
            print(f"  job {job.number + 1} ({job.label or 'as it is'}): {why}{where}", file=sys.stderr)
        self.parent.end_as("FAILED", f"{len(bad)} of {len(jobs)} jobs failed")
        raise SystemExit(1)


@dataclass(frozen=True)
class TrialBatch:
    """The next trials of a search.

    Args:
        sweep: the search's, open.
        trials: which trial each job is, by the job's number.
    """

    sweep: OpenSweep
    trials: Mapping[int, Any]

    def run(self, configs: Sequence[DictConfig], first: int, folder: Path, run_jobs: RunJobs) -> Sequence[Job]:
        """Run those that are not finished yet."""
        return self.sweep.run(configs, first, folder, run_jobs, self.trials)


def set_threads(jobs: Sequence[Job], threads: int) -> None:
    """Set this number of threads in the jobs that leave theirs open; it is kept with their runs."""
    for job in jobs:
        if "num_threads" in job.config and job.config.num_threads is None:
            with read_write(job.config):
                job.config.num_threads = threads
