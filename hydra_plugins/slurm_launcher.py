"""Hydra's launcher ``slurm``: hands the jobs of a multirun to sweeps.launch.slurm."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hydra.plugins.launcher import Launcher

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig


class SlurmLauncher(Launcher):
    """Runs the jobs of a multirun in Slurm, tracked under one parent run.

    Args:
        **options: of `sweeps.launch.slurm.options.SlurmOptions`; conf/hydra/launcher/slurm.yaml explains them.
    """

    on_slurm = True  # its jobs outlive a driver, and the next one attaches to them

    def __init__(self, **options: Any) -> None:
        self.options = options

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what Hydra hands over before it launches."""
        self.hydra_context = hydra_context
        self.task_function = task_function
        self.config = config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs; see `sweeps.launch.launch.launch`."""
        # Hydra imports every plugin at each start, also where there is nothing to launch.
        from sweeps.launch.launch import launch
        from sweeps.launch.slurm.launcher import run_on_slurm
        from sweeps.launch.slurm.options import SlurmOptions

        run = functools.partial(run_on_slurm, SlurmOptions.of(self.options))  # a mistake shows before a run is made
        return launch(
            self.config, self.hydra_context, self.task_function, job_overrides, initial_job_idx, run, on_slurm=True
        )
