"""The keys of conf/hydra/sweeper/optuna.yaml, which explains them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from sweeps.config.catalog import ConfigCatalog, flatten
from sweeps.config.constraints import is_whole
from sweeps.config.limits import Limits
from sweeps.config.search_space import Numbers, Space
from sweeps.config.validate import check_value, plain
from sweeps.errors import ConfigError

SWEEPER = "hydra_plugins.optuna_sweeper.OptunaSweeper"
LAUNCHERS = "hydra_plugins."  # those that launch by sweeps.launch.launch, and so keep a search under one run
NODE = "hydra.sweeper"


@dataclass(frozen=True)
class Settings:
    """How a search is done."""

    n_trials: int = 20
    n_jobs: int | None = None
    metric: str = "val/loss"
    direction: str = "min"
    sampler: str = "tpe"
    seed: int = 0
    pruner: str = "median"
    startup_trials: int = 5
    warmup_epochs: int = 3

    @classmethod
    def of(cls, node: DictConfig) -> Settings:
        """Read the node ``hydra.sweeper``."""
        values: Any = OmegaConf.to_container(node, resolve=True)
        return cls(**{field.name: values[field.name] for field in fields(cls)})

    def flat(self) -> dict[str, Any]:
        """List the settings by key."""
        return {f"{NODE}.{name}": value for name, value in asdict(self).items()}


def corners(overrides: Sequence[Override], catalog: ConfigCatalog) -> list[list[str]]:
    """List the jobs by which a search is checked.

    Args:
        overrides: Of the search, parsed.
        catalog: What is in conf/.

    Raises:
        ConfigError: Something cannot be searched, or nothing varies.
    """
    space = Space.of(overrides)
    if not space.varied:
        example = catalog.limits.search_example
        raise ConfigError(f"hydra/sweeper=optuna: nothing varies; type what does, for instance {example}")
    for key in space.varied:
        default = catalog.keys.get(key.key)
        if isinstance(key, Numbers) and not key.whole and key.step is None and is_whole(default):
            interval = f"interval({key.low:g},{key.high:g})"
            typed, mended = (f"tag(log,{call})" if key.log else call for call in (interval, f"int({interval})"))
            advice = shlex.quote(f"{key.key}={mended}")
            raise ConfigError(f"{key.key}={typed}: takes whole numbers; type {advice}")
    return list(space.corners(catalog.is_group))


def check_search(hydra: DictConfig, jobs: Sequence[DictConfig], limits: Limits) -> None:
    """Refuse a search that could not be carried out; do nothing where the sweep is a grid.

    Args:
        hydra: Hydra's part of the sweep's config.
        jobs: The configs at the corners of its space.
        limits: What the rooms say about their arguments.

    Raises:
        ConfigError: A setting is impossible, the launcher is none of ours, or jobs would not have the metric.
    """
    if hydra.sweeper._target_ != SWEEPER:
        return
    settings, defaults = Settings.of(hydra.sweeper).flat(), Settings().flat()
    for key, value in settings.items():
        check_value(key, value, defaults[key], limits)
    if not str(hydra.launcher._target_).startswith(LAUNCHERS):
        option = hydra.runtime.choices.get("hydra/launcher")
        raise ConfigError(f"hydra/launcher={option}: tracks no search; type hydra/launcher=local")
    for job in jobs:
        limits.check(flatten(plain(job)) | settings)
        if OmegaConf.select(job, "sweep.skip_impossible"):
            raise ConfigError(
                "sweep.skip_impossible=true: a search leaves nothing of its space out; type sweep.skip_impossible=false"
            )
