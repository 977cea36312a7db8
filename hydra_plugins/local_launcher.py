"""Hydra's launcher ``local``: hands the jobs of a multirun to sweeps.launching."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hydra.core.config_store import ConfigStore
from hydra.plugins.launcher import Launcher

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig


class LocalLauncher(Launcher):
    """Runs the jobs of a multirun on this machine, tracked under one parent run."""

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what Hydra hands over before it launches."""
        self.hydra_context = hydra_context
        self.task_function = task_function
        self.config = config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs; see `sweeps.launching.launch`."""
        # Hydra imports every plugin at each start, also where there is nothing to launch
        from sweeps.launching import launch

        return launch(self.config, self.hydra_context, self.task_function, job_overrides, initial_job_idx)


ConfigStore.instance().store(
    group="hydra/launcher",
    name="local",
    node={"_target_": "hydra_plugins.local_launcher.LocalLauncher"},
    provider="local_launcher",
)
