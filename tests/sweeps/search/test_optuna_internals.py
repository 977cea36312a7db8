"""The private interfaces of Optuna that a search uses are those of the version it was tested with."""

from importlib.metadata import version

import optuna
import pytest
from optuna.exceptions import UpdateFinishedTrialError

from sweeps.search.optuna_internals import TESTED_WITH, live_trial, read_trial, report_values


def changed(name):
    return f"optuna {version('optuna')} has no {name} as optuna {TESTED_WITH} has it: sweeps/search/optuna_internals.py"


@pytest.fixture
def study():
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study()


def test_the_names_are_there(study):
    trial = study.ask()
    for owner, name in ((study, "_storage"), (study, "_study_id"), (trial, "_trial_id")):
        assert hasattr(owner, name), changed(f"{type(owner).__name__}.{name}")
    for name in ("set_trial_intermediate_value", "get_trial", "get_trial_id_from_study_id_trial_number"):
        assert callable(getattr(study._storage, name, None)), changed(f"BaseStorage.{name}")


def test_a_trial_is_read_and_gone_on_with(study):
    trial = study.ask()
    report_values(study, trial, {}, {1: 0.5, 2: 0.25})
    report_values(study, trial, {1: 0.5, 2: 0.25}, {1: 9.0, 3: 0.125})
    read = read_trial(study, trial.number)
    assert read.intermediate_values == {1: 0.5, 2: 0.25, 3: 0.125}, changed("BaseStorage.set_trial_intermediate_value")
    again = live_trial(study, read)
    study.tell(again, 1.0)
    assert study.trials[0].value == 1.0, changed("Trial")
    with pytest.raises(UpdateFinishedTrialError):
        report_values(study, again, {}, {9: 1.0})
