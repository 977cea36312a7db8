"""What Hydra's launchers and sweepers of this repository share: they keep what Hydra hands over until it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig


class KeepsHandover:
    """Mixin of a plugin; Hydra imports every plugin at each start, so that what a plugin needs it imports when called.

    Args:
        **options: the plugin's node in conf/hydra, which explains them.
    """

    def __init__(self, **options: Any) -> None:
        self.options = options

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Keep what Hydra hands over before it launches or sweeps."""
        self.hydra_context: Any = hydra_context
        self.task_function: Any = task_function
        self.config: Any = config
