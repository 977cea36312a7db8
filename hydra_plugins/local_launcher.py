"""Hydra's launcher ``local``: hands the jobs of a multirun to sweeps.launch.local."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hydra.plugins.launcher import Launcher

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig


class LocalLauncher(Launcher):
    """Runs the jobs of a multirun on this machine, tracked under one parent run.

    Args:
        **options: of `sweeps.launch.local.launcher.LocalOptions`; conf/hydra/launcher/local.yaml explains them.
    """

    def __init__(self, **options: Any) -> None:
        self.options = options

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what Hydra hands over before it launches."""
        # Hydra imports every plugin at each start, also where there is nothing to launch.
        from sweeps.launch.local.pool import start_forkserver

        self.hydra_context = hydra_context
        self.task_function = task_function
        self.config = config
        start_forkserver()

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs; see `sweeps.launch.launch.launch`."""
        from sweeps.launch.launch import launch
        from sweeps.launch.local.launcher import LocalOptions

        run = LocalOptions(**self.options).run
        return launch(self.config, self.hydra_context, self.task_function, job_overrides, initial_job_idx, run)

    def side_by_side(self, jobs: int) -> int:
        """How many of so many jobs would run at once."""
        from sweeps.launch.local.launcher import LocalOptions

        return LocalOptions(**self.options).side_by_side(jobs)
