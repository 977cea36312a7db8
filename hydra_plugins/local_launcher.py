"""Hydra's launcher ``local``: hands the jobs of a multirun to sweeps.launch.local."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hydra.plugins.launcher import Launcher

from sweeps.launch.plugin import KeepsHandover

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn


class LocalLauncher(KeepsHandover, Launcher):
    """Runs the jobs of a multirun on this machine, tracked under one parent run; `LocalOptions` has its options."""

    def setup(self, **handover: Any) -> None:
        """Keep what Hydra hands over, and start what jobs are forked from."""
        from sweeps.launch.local.pool import start_forkserver

        super().setup(**handover)
        start_forkserver()

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Run the jobs; see `sweeps.launch.launch.launch`."""
        from sweeps.launch.launch import launch
        from sweeps.launch.local.launcher import LocalOptions

        run = LocalOptions(**self.options).run
        return launch(self.config, self.hydra_context, self.task_function, job_overrides, initial_job_idx, run)

    def side_by_side(self, jobs: int) -> int:
        """Return how many of so many jobs would run at once."""
        from sweeps.launch.local.launcher import LocalOptions

        return LocalOptions(**self.options).side_by_side(jobs)
