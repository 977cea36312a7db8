"""Hydra's sweeper ``optuna``: hands a search to sweeps.search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra.plugins.sweeper import Sweeper

from sweeps.launch.plugin import KeepsHandover


class OptunaSweeper(KeepsHandover, Sweeper):
    """Has Optuna choose the jobs of a multirun, one batch after the other.

    Its options, those of `sweeps.config.search_settings.Settings`, are read from the config, which is checked before
    anything is made of it.
    """

    def setup(self, **handover: Any) -> None:
        """Keep what Hydra hands over, and make the launcher."""
        from hydra.core.plugins import Plugins

        super().setup(**handover)
        self.launcher = Plugins.instance().instantiate_launcher(**handover)

    def sweep(self, arguments: Sequence[str]) -> None:
        """Search; see `sweeps.search.driver.search`."""
        from sweeps.search.driver import search

        assert self.launcher is not None
        search(self.config, self.hydra_context, self.task_function, self.launcher, arguments)
