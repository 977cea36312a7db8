"""What we use of MLflow beside its documented interface, on the version that is installed."""

import importlib.util
import logging
import sqlite3

import mlflow
import pytest

from sweeps.tracking import mlflow_internals

CHANGED = f"MLflow {mlflow.__version__} has changed what sweeps/tracking/mlflow_internals.py relies on:"


@pytest.mark.parametrize("module", mlflow_internals.LATE_IMPORTS)
def test_what_is_imported_early_is_there(module):
    assert importlib.util.find_spec(module), f"{CHANGED} there is no module {module}"


def test_a_new_database_is_one_that_a_client_opens(tmp_path):
    file = tmp_path / "new.db"
    mlflow_internals.create_sqlite_database(file)
    with sqlite3.connect(file) as database:
        [version] = database.execute("select version_num from alembic_version").fetchone()
    assert version, f"{CHANGED} a new database has no version of its tables"
    [experiment] = mlflow.MlflowClient(tracking_uri=f"sqlite:///{file}").search_experiments()
    assert experiment.name == "Default", f"{CHANGED} a new database has no experiment Default"


def test_a_database_that_fails_is_reported_by_one_logger(tmp_path, monkeypatch, caplog):
    file = tmp_path / "broken.db"
    mlflow_internals.create_sqlite_database(file)
    client = mlflow.MlflowClient(tracking_uri=f"sqlite:///{file}")
    client.search_experiments()
    with sqlite3.connect(file) as database:
        database.execute("drop table experiments")
    monkeypatch.setattr(logging.getLogger("mlflow"), "propagate", True)
    caplog.clear()
    with pytest.raises(mlflow.MlflowException):
        client.search_experiments()
    names = {record.name for record in caplog.records if record.levelno >= logging.WARNING}
    assert names == {mlflow_internals.DATABASE_LOGGER}, f"{CHANGED} it reports by {names}"
