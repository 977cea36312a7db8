"""Hydra's sweeper ``optuna``: hands a search to sweeps.search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hydra.plugins.sweeper import Sweeper

if TYPE_CHECKING:
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig


class OptunaSweeper(Sweeper):
    """Has Optuna choose the jobs of a multirun, one batch after the other.

    Args:
        **options: of `sweeps.config.search_settings.Settings`; conf/hydra/sweeper/optuna.yaml explains them. They are
            read from the config, which is checked before anything is made of it.
    """

    def __init__(self, **options: Any) -> None:
        self.options = options

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what Hydra hands over, and make the launcher."""
        from hydra.core.plugins import Plugins

        self.hydra_context = hydra_context
        self.task_function = task_function
        self.config = config
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: Sequence[str]) -> None:
        """Search; see `sweeps.search.driver.search`."""
        from sweeps.search.driver import search

        assert self.config is not None
        assert self.hydra_context is not None
        assert self.launcher is not None
        search(self.config, self.hydra_context, self.task_function, self.launcher, arguments)
