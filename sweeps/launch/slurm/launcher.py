"""Hydra's launcher ``slurm``: the jobs of a multirun in Slurm, with a driver that watches them or leaves them there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from sweeps.errors import ConfigError
from sweeps.launch.job import Job, State
from sweeps.launch.local.progress_table import ProgressTable
from sweeps.launch.locks import slurm_record
from sweeps.launch.slurm.driver import Driver
from sweeps.launch.slurm.options import SlurmOptions
from sweeps.launch.sweep import OpenSweep, set_threads
from sweeps.runtime import squeue
from sweeps.runtime.process import SLURM_JOB
from sweeps.tracking.filesystem import network_filesystem
from sweeps.tracking.recovery import end_dead_run
from sweeps.tracking.sweep_runs import children_of

_SHOWN = 6  # ids in a line
_DETACH = "hydra.launcher.detach="


def run_on_slurm(options: SlurmOptions, jobs: Sequence[Job], sweep: OpenSweep) -> None:
    """Run those of the jobs that wait: attach to those that are in Slurm already, hand over the others.

    Args:
        options: of the launcher.
        jobs: of the sweep.
        sweep: they belong to.

    Raises:
        ConfigError: Slurm refuses the jobs, or does not answer.
    """
    set_threads(jobs, options.cpus_per_task)
    slug = re.sub(r"[^\w.-]+", "-", sweep.name)[:40]
    driver = Driver(
        options,
        slurm_record(sweep.store.output_dir, sweep.name),
        sweep.pickle,
        slug,
        ignore_code=sweep.options.ignore_code,
        max_retries=sweep.options.max_retries,
        fail_fast=sweep.options.fail_fast,
    )
    if network_filesystem(sweep.store.output_dir) is None:
        driver.late_files = 1.0
    try:
        attached = driver.attach(jobs)
    except squeue.QueueError as error:
        raise ConfigError(f"Slurm does not answer ({error}); type the same again when it does") from error
    if attached:
        print(f"{len(attached)} of {len(jobs)} jobs are in Slurm already: {_listed(attached)}", flush=True)
    new = [job for job in jobs if job.state is State.WAITING and job not in [running.job for running in driver.running]]
    if not (new or attached):
        return
    try:
        submitted = _submit(driver, new)
        if submitted:
            print(f"{len(submitted)} of {len(jobs)} jobs were handed to Slurm: {_listed(submitted)}", flush=True)
        if options.detach:
            _leave(driver, sweep, len(jobs))
            return
        with ProgressTable(jobs, options.array_parallelism) as table:
            driver.watch(table.update)
    finally:
        driver.cancel_all()
        _end_runs(sweep, driver.ended_ids)
        driver.forget_ended()


def _submit(driver: Driver, jobs: Sequence[Job]) -> list[str]:
    """Hand jobs over; a refusal ends the command, but not what earlier ones have in Slurm."""
    try:
        return driver.submit(jobs)
    except ConfigError:
        driver.leave()
        raise


def _leave(driver: Driver, sweep: OpenSweep, count: int) -> None:
    left = driver.leave()
    typed = [word for word in sweep.typed if not word.startswith((_DETACH, "hydra.mode="))]
    command = f"python {sweep.script} -m {shlex.join(typed)}"
    print(f"{len(left)} of {count} jobs go on without this command: {_listed(left)}")
    print(f"To attach to them: {command}")


def _end_runs(sweep: OpenSweep, ended: Sequence[str]) -> None:
    """Mark the runs of jobs that are over in Slurm, and could not do it themselves."""
    if not ended:
        return
    over = set(ended)
    for run in children_of(sweep.store, sweep.parent.run_id, "and attributes.status = 'RUNNING'"):
        if run.data.tags.get(SLURM_JOB) in over:
            end_dead_run(sweep.store, run)


def _listed(ids: Sequence[str]) -> str:
    shown = " ".join(ids[:_SHOWN])
    return f"{shown} and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else shown
