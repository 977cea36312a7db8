"""A search from its beginning to its end, under the lock and the parent run of its sweep.

Batches, not a stream: a trial is suggested once all before its batch have ended, so that launchers stay as they are.
Where trials differ much in how long they take, cores wait for the slowest of each batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import setup_globals
from omegaconf import DictConfig, OmegaConf

from sweeps.config.limits import Limits
from sweeps.config.search_settings import Settings
from sweeps.config.search_space import Space
from sweeps.errors import ConfigError
from sweeps.launch.launch import driving, opened_sweep, summed_up
from sweeps.launch.sweep import cells_of
from sweeps.launch.task import Task
from sweeps.search.journal import journal_file
from sweeps.search.loop import Search
from sweeps.search.pruning import Membership, Pruner
from sweeps.search.study import (
    CELL,
    counted,
    open_study,
    written,
)
from sweeps.search.summary import Summary
from sweeps.tracking.params import sweep_name
from sweeps.tracking.store import open_store

if TYPE_CHECKING:
    from hydra.plugins.launcher import Launcher
    from hydra.types import HydraContext, TaskFunction
    from optuna import Study


def search(
    config: DictConfig,
    context: HydraContext,
    task_function: TaskFunction | Task,
    launcher: Launcher,
    arguments: Sequence[str],
) -> None:
    """Carry a search out, or go on with it.

    Args:
        config: the sweep's own composition.
        context: of the multirun.
        task_function: what a job calls with its config.
        launcher: one that launches by `sweeps.launch.launch.launch`.
        arguments: overrides, those of the space among them.

    Raises:
        ConfigError: the space or a setting is impossible, or the study of this name is another search's.
        SystemExit: status 1, when no trial has been completed.
    """
    setup_globals()
    task = Task.of(task_function)
    settings = Settings.of(config.hydra.sweeper)
    params = [f"{key}={value}" for key, value in (config.hydra.sweeper.params or {}).items()]
    parser = OverridesParser.create(config_loader=context.config_loader)
    space = Space.of(parser.parse_overrides([*params, *arguments]))
    name = sweep_name(config, [*params, *config.hydra.overrides.task], "search")
    store = open_store(config.tracking, str(config.output_dir))
    with driving(store, name, on_slurm=getattr(launcher, "on_slurm", False)):
        file, pruner = journal_file(store.output_dir, name), _pruner(settings, space, config, task.limits)
        study = open_study(file, name, settings, space, pruner)
        _check_unchanged(study, space, config, context, task)
        with opened_sweep(config, store, name, context, task) as sweep:
            membership = Membership(str(file), name, 0, settings.metric, pruner)
            summary = Summary(settings, space, study, sweep)
            with summed_up(store, sweep.parent.run_id, summary.ranking):
                complete = Search(settings, space, study, sweep, launcher, membership).run()
            summary.conclude(complete)


def _pruner(settings: Settings, space: Space, config: DictConfig, limits: Limits) -> Pruner:
    key = limits.key_of("max_epochs")
    whole: Any = OmegaConf.select(config, key)
    varies = any(varied.key == key for varied in space.varied)
    epochs = whole if isinstance(whole, int) and not varies else None
    return Pruner(settings.pruner, settings.startup_trials, settings.warmup_epochs, epochs)


def _check_unchanged(study: Study, space: Space, config: DictConfig, context: HydraContext, task: Task) -> None:
    """Refuse to go on where trials would no longer compute what earlier ones did.

    Raises:
        ConfigError: says what has changed, and what to type.
    """
    first = next((trial for trial in counted(study.get_trials(deepcopy=False)) if CELL in trial.user_attrs), None)
    if first is None:
        return
    job = context.config_loader.load_sweep_config(config, written(space, first))
    before, (now,) = first.user_attrs[CELL], cells_of([job], task)
    where = f"the search {study.study_name}"
    if before[1] != now.any_code:
        raise ConfigError(
            f"{where}: its data, or a setting that it does not vary, has changed since it was begun; "
            "type sweep.name=ANOTHER for another one"
        )
    if before[0] != now.id and not OmegaConf.select(config, "sweep.ignore_code"):
        raise ConfigError(
            f"{where}: the code has changed since it was begun; type sweep.ignore_code=true to go on all the same, "
            "or sweep.name=ANOTHER"
        )
