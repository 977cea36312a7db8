"""Hydra's launcher ``local``: the jobs of a multirun side by side on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sweeps.launch.job import Job, State
from sweeps.launch.local.pool import Pool
from sweeps.launch.local.progress_table import ProgressTable
from sweeps.launch.local.resources import Share, share_out, this_machine
from sweeps.launch.sweep import OpenSweep, set_threads


@dataclass(frozen=True)
class LocalOptions:
    """The keys of conf/hydra/launcher/local.yaml, which explains them."""

    n_jobs: int | None = None
    jobs_per_gpu: int = 1
    memory_per_job: float = 1.0
    devices: int = 1
    accelerator: str = "auto"

    def run(self, jobs: Sequence[Job], sweep: OpenSweep) -> None:
        """Run those of the jobs that wait."""
        options = sweep.options
        share = self._share(options.batch or len(jobs))
        set_threads(jobs, share.threads)
        if not any(job.state is State.WAITING for job in jobs):
            return
        with ProgressTable(jobs, len(share.slots), in_all=options.jobs) as table:
            Pool(share, sweep.prepare, table.update, options.max_retries, options.fail_fast).run(jobs)

    def side_by_side(self, jobs: int) -> int:
        """How many of so many jobs would run at once."""
        return len(self._share(jobs).slots)

    def _share(self, jobs: int) -> Share:
        return share_out(
            this_machine(),
            jobs,
            devices=self.devices,
            n_jobs=self.n_jobs,
            jobs_per_gpu=self.jobs_per_gpu,
            memory_per_job=self.memory_per_job,
            cpu_only=self.accelerator == "cpu",
        )
