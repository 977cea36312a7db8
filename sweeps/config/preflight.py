"""The configs that a command line asks for, composed and checked before Hydra writes or starts anything."""

from __future__ import annotations

from collections.abc import Sequence

from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from omegaconf import DictConfig

from sweeps.config.catalog import ConfigCatalog
from sweeps.config.command_line import Command
from sweeps.config.compose import Composer
from sweeps.config.hydra_adapter import BASIC_SWEEPER, ConfigLoaderImpl, split_grid
from sweeps.config.limits import Limits
from sweeps.config.overrides import check_grid, check_override, read_overrides
from sweeps.config.search_settings import SWEEPER, check_search, corners
from sweeps.config.unused_keys import ComposedJob, check_unused
from sweeps.config.validate import check_config


def preflight(loader: ConfigLoaderImpl, config_name: str, command: Command, limits: Limits) -> list[ComposedJob]:
    """Compose what a command line asks for, and check it if it is to be run.

    Args:
        loader: Hydra's loader of conf/.
        config_name: The root: "train".
        command: The command line.
        limits: What the rooms say about their arguments.

    Returns:
        The jobs, one where it is no sweep.

    Raises:
        ConfigError: At the first mistake; its message is one line that says what to type.
    """
    search_path = [text for text in command.overrides if text.startswith("hydra.searchpath=")]
    catalog = ConfigCatalog(loader, config_name, command.program, search_path, limits)
    overrides = read_overrides(command.overrides, catalog)
    catalog.chosen = [str(o.input_line) for o in overrides if catalog.chooses(o) and not o.is_sweep_override()]
    for override in overrides:
        check_override(override, command, catalog)
    composer = Composer(catalog, [str(o.input_line) for o in overrides if o.is_hydra_override()])
    task = [o for o in overrides if not o.is_hydra_override()]
    jobs = _jobs(task, composer, command) if command.multirun else [task]
    planned = []
    for job in jobs:
        planned.append(ComposedJob(composer.compose(job), [str(override.input_line) for override in job]))
        if command.runs:
            check_config(planned[-1].config, composer.default(job), limits, planned[-1].overrides)
    if command.runs:
        check_unused(planned, limits)
    if command.multirun:
        composer.check_shared(task)
        check_search(_master(task, composer).hydra, [job.config for job in planned], limits)
    return planned


def _master(task: Sequence[Override], composer: Composer) -> DictConfig:
    return composer.base(composer.groups_for_all(task), RunMode.MULTIRUN)


def _jobs(task: Sequence[Override], composer: Composer, command: Command) -> list[list[Override]]:
    """Make a sweep's jobs as its sweeper does: the preset's values, changed and completed by what was typed.

    Of a search, which has no end of jobs, those at the corners of its space.
    """
    catalog, master = composer.catalog, _master(task, composer)
    lines = [str(override.input_line) for override in task]
    if master.hydra.sweeper._target_ in (BASIC_SWEEPER, SWEEPER):
        lines = [f"{key}={value}" for key, value in (master.hydra.sweeper.params or {}).items()] + lines
    overrides = read_overrides(lines, catalog)
    for override in overrides:
        check_override(override, command, catalog)
    known: dict[str, Override] = {}
    jobs = []
    if master.hydra.sweeper._target_ == SWEEPER:
        grid = corners(overrides, catalog)
    else:
        check_grid(overrides)
        grid = split_grid(overrides)
    for job in grid:
        for line in job:
            if line not in known:
                known[line] = read_overrides([line], catalog)[0]
        jobs.append([known[line] for line in job])
    return jobs
