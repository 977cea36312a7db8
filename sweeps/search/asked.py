"""A search as it was typed, checked before anything is started."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from sweeps.errors import ConfigError
from sweeps.names import Names
from sweeps.search.keys import Numbers
from sweeps.search.settings import SWEEPER, Settings
from sweeps.search.space import Space

LAUNCHERS = "hydra_plugins."  # those that launch by sweeps.launching, and so keep a search under one run

__all__ = ["SWEEPER", "check_search", "corners"]


def corners(overrides: Sequence[Override], names: Names) -> list[list[str]]:
    """Give the jobs by which a search is checked.

    Args:
        overrides: of the search, parsed.
        names: what is in conf/.

    Raises:
        ConfigError: something cannot be searched, or nothing varies.
    """
    space = Space.of(overrides)
    for key in space.varied:
        default = names.keys.get(key.key)
        if isinstance(key, Numbers) and not key.whole and key.step is None and _is_whole(default):
            interval = f"interval({key.low:g},{key.high:g})"
            typed, mended = (f"tag(log,{call})" if key.log else call for call in (interval, f"int({interval})"))
            advice = shlex.quote(f"{key.key}={mended}")
            raise ConfigError(f"{key.key}={typed}: takes whole numbers; type {advice}")
    return list(space.corners(names.is_group))


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def check_search(hydra: DictConfig, jobs: Sequence[DictConfig]) -> None:
    """Refuse a search that could not be carried out; do nothing where the sweep is a grid.

    Args:
        hydra: Hydra's part of the sweep's config.
        jobs: at the corners of its space.

    Raises:
        ConfigError: a setting is impossible, the launcher is none of ours, or jobs would not have the metric.
    """
    if hydra.sweeper._target_ != SWEEPER:
        return
    settings = Settings.of(hydra.sweeper)
    if not str(hydra.launcher._target_).startswith(LAUNCHERS):
        option = hydra.runtime.choices.get("hydra/launcher")
        raise ConfigError(f"hydra/launcher={option}: tracks no search; type hydra/launcher=local")
    for job in jobs:
        settings.check_job(job)
        if OmegaConf.select(job, "sweep.skip_impossible"):
            raise ConfigError(
                "sweep.skip_impossible=true: a search leaves nothing of its space out; type sweep.skip_impossible=false"
            )
