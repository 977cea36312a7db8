"""Optuna's private interfaces, all of them: what its public ones do not offer to a process that joins a study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import BaseTrial, FrozenTrial, Trial

TESTED_WITH = "5.0"


def live_trial(study: Study, trial: FrozenTrial) -> Trial:
    """Return a trial that an earlier process began as one that can be gone on with."""
    from optuna.trial import Trial

    return Trial(study, trial._trial_id)


def report_values(study: Study, trial: BaseTrial, known: Mapping[int, float], values: Mapping[int, float]) -> None:
    """Tell the study of a trial's values, by epoch, but for those that it knows.

    Raises:
        UpdateFinishedTrialError: the trial has ended.
    """
    for epoch, value in values.items():
        if epoch not in known:
            study._storage.set_trial_intermediate_value(trial._trial_id, epoch, value)  # type: ignore[attr-defined]


def read_trial(study: Study, number: int) -> FrozenTrial:
    """Read one trial by its number, without reading all of them."""
    storage = study._storage
    return storage.get_trial(storage.get_trial_id_from_study_id_trial_number(study._study_id, number))
