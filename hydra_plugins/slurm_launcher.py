"""Hydra's launcher ``slurm``: hands the jobs of a multirun to sweeps.launch.slurm."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hydra.plugins.launcher import Launcher

from sweeps.launch.plugin import KeepsHandover

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn


class SlurmLauncher(KeepsHandover, Launcher):
    """Runs the jobs of a multirun in Slurm, tracked under one parent run; `SlurmOptions` has its options."""

    on_slurm = True  # its jobs outlive a driver, and the next one attaches to them

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs; see `sweeps.launch.launch.launch`."""
        from sweeps.launch.launch import launch
        from sweeps.launch.slurm.launcher import run_on_slurm
        from sweeps.launch.slurm.options import SlurmOptions

        run = functools.partial(run_on_slurm, SlurmOptions.of(self.options))  # a mistake shows before a run is made
        return launch(
            self.config, self.hydra_context, self.task_function, job_overrides, initial_job_idx, run, on_slurm=True
        )
