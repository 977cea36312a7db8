"""The study of a search: opened again by the same command, and refused to another one."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sweeps.config.search_settings import Settings
from sweeps.config.search_space import Space
from sweeps.errors import ConfigError
from sweeps.search.journal import journal_storage
from sweeps.search.pruning import Pruner

if TYPE_CHECKING:
    from optuna import Study
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial, Trial

SPACE, METRIC = "space", "metric"  # attributes of a study
CELL, RUN_ID, ERROR, RETRIES = "cell", "run_id", "error", "retries"  # attributes of a trial


def open_study(file: Path, name: str, settings: Settings, space: Space, pruner: Pruner) -> Study:
    """Open the study of a sweep, or make it.

    Raises:
        ConfigError: it was begun with another space, another metric or another direction.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    ranges = {key.key: key.describe() for key in space.varied}
    begun = _begun(file, name)
    if begun is not None:
        _check_same(name, begun, settings, ranges)
    study = optuna.create_study(
        study_name=name,
        storage=journal_storage(file),
        direction="minimize" if settings.direction == "min" else "maximize",
        pruner=pruner.make(),
        load_if_exists=True,
    )
    if begun is None:
        study.set_user_attr(METRIC, settings.metric)
        study.set_user_attr(SPACE, ranges)
    return study


def _begun(file: Path, name: str) -> Study | None:
    """Look the study up, without making anything; None also where a driver was killed before it said what it is of."""
    import optuna

    if not file.exists():
        return None
    try:
        study = optuna.load_study(study_name=name, storage=journal_storage(file))
    except KeyError:
        return None
    return study if SPACE in study.user_attrs else None


def _check_same(name: str, begun: Study, settings: Settings, ranges: dict[str, str]) -> None:
    before, metric = begun.user_attrs[SPACE], begun.user_attrs[METRIC]
    advice = "type sweep.name=ANOTHER for another one"
    if metric != settings.metric:
        raise ConfigError(
            f"hydra.sweeper.metric={settings.metric}: the search {name} was begun by {metric}; "
            f"type hydra.sweeper.metric={metric}, or sweep.name=ANOTHER"
        )
    for key in {**before, **ranges}:
        if before.get(key) != ranges.get(key):
            was = f"{key} from {before[key]}" if key in before else f"no {key}"
            now = f"not from {ranges[key]}" if key in ranges else "which is missing now"
            raise ConfigError(
                f"{key}: the search {name} was begun with {was}{f', {now}' if key in before else ''}; {advice}"
            )


def sampler_of(settings: Settings, number: int, key: int) -> BaseSampler:
    """Make what chooses one value: of trial `number`, for the key at index `key`.

    A seed of its own each time: a search that goes on then suggests what it would have suggested undisturbed, and not
    its first trials again.
    """
    from optuna.samplers import GPSampler, RandomSampler, TPESampler

    seed = int(np.random.SeedSequence([settings.seed, number, key]).generate_state(1)[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that some of its arguments may change
        if settings.sampler == "random":
            return RandomSampler(seed)
        if settings.sampler == "gp":
            return GPSampler(seed=seed)
        return TPESampler(seed=seed, constant_liar=True)  # trials that run count as bad, so that others differ


def suggest(study: Study, settings: Settings, space: Space, trial: Trial) -> list[str]:
    """Return a trial's overrides; what the study has chosen for it before stays."""

    def seeded(index: int) -> None:
        study.sampler = sampler_of(settings, trial.number, index)

    return space.suggest(trial, seeded)


def counted(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Return the trials that have ended, failed ones that were tried again left out."""
    again = {trial.user_attrs.get(RETRIES) for trial in trials}
    return [trial for trial in trials if trial.state.is_finished() and trial.number not in again]


def retry_failed(study: Study) -> None:
    """Have the values of failed trials tried again, each as a new trial."""
    from optuna.trial import TrialState

    for trial in counted(study.get_trials(deepcopy=False)):
        if trial.state is TrialState.FAIL:
            study.enqueue_trial(trial.params, user_attrs={RETRIES: trial.number})


def written(space: Space, trial: FrozenTrial) -> list[str]:
    """Return the overrides of a trial that has ended."""
    from optuna.trial import FixedTrial

    return space.suggest(FixedTrial(trial.params), lambda _: None)


def as_run(space: Space, trial: FrozenTrial) -> dict[str, str]:
    """Return what a trial chose, by key, as its job got it: with fewer digits than the study has."""
    lines = dict(line.split("=", 1) for line in written(space, trial))
    return {key.key: lines[key.key] for key in space.varied}


def describe(space: Space, trial: FrozenTrial) -> str:
    """Return what sets a trial apart."""
    return " ".join(f"{key}={value}" for key, value in as_run(space, trial).items())


def as_json(value: object) -> str:
    """Write JSON as it is kept with a sweep."""
    return json.dumps(value, indent=1, default=str)
