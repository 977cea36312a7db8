"""The configs that a command line asks for, composed and checked before Hydra writes or starts anything."""

from __future__ import annotations

from collections.abc import Sequence

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from omegaconf import DictConfig

from sweeps.config.catalog import Names
from sweeps.config.command_line import Command
from sweeps.config.compose import Composer
from sweeps.config.overrides import check_grid, check_override, read_overrides
from sweeps.config.search_settings import SWEEPER, check_search, corners
from sweeps.config.unused_keys import Job, check_unused
from sweeps.config.validate import check_config

BASIC_SWEEPER = f"{BasicSweeper.__module__}.{BasicSweeper.__qualname__}"


def preflight(loader: ConfigLoaderImpl, config_name: str, command: Command) -> list[Job]:
    """Compose what a command line asks for, and check it if it is to be run.

    Args:
        loader: Hydra's loader of conf/.
        config_name: The root: "train".
        command: The command line.

    Returns:
        The jobs, one where it is no sweep.

    Raises:
        ConfigError: At the first mistake; its message is one line that says what to type.
    """
    search_path = [text for text in command.overrides if text.startswith("hydra.searchpath=")]
    names = Names(loader, config_name, command.program, search_path)
    overrides = read_overrides(command.overrides, names)
    names.chosen = [str(o.input_line) for o in overrides if names.chooses(o) and not o.is_sweep_override()]
    for override in overrides:
        check_override(override, command, names)
    composer = Composer(names, [str(o.input_line) for o in overrides if o.is_hydra_override()])
    task = [o for o in overrides if not o.is_hydra_override()]
    jobs = _jobs(task, composer, command) if command.multirun else [task]
    planned = []
    for job in jobs:
        planned.append(Job(composer.compose(job), [str(override.input_line) for override in job]))
        if command.runs:
            check_config(planned[-1].config, composer.default(job), planned[-1].overrides)
    if command.runs:
        check_unused(planned)
    if command.multirun:
        composer.check_shared(task)
        check_search(_master(task, composer).hydra, [job.config for job in planned])
    return planned


def _master(task: Sequence[Override], composer: Composer) -> DictConfig:
    return composer.base(composer.groups_for_all(task), RunMode.MULTIRUN)


def _jobs(task: Sequence[Override], composer: Composer, command: Command) -> list[list[Override]]:
    """Make a sweep's jobs as its sweeper does: the preset's values, changed and completed by what was typed.

    Of a search, which has no end of jobs, those at the corners of its space.
    """
    names, master = composer.names, _master(task, composer)
    lines = [str(override.input_line) for override in task]
    if master.hydra.sweeper._target_ in (BASIC_SWEEPER, SWEEPER):
        lines = [f"{key}={value}" for key, value in (master.hydra.sweeper.params or {}).items()] + lines
    overrides = read_overrides(lines, names)
    for override in overrides:
        check_override(override, command, names)
    known: dict[str, Override] = {}
    jobs = []
    if master.hydra.sweeper._target_ == SWEEPER:
        grid = corners(overrides, names)
    else:
        check_grid(overrides)
        grid = BasicSweeper.split_arguments(overrides, None)[0]
    for job in grid:
        for line in job:
            if line not in known:
                known[line] = read_overrides([line], names)[0]
        jobs.append([known[line] for line in job])
    return jobs
