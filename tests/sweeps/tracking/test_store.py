from pathlib import Path

import pytest
from omegaconf import OmegaConf

from sweeps.errors import ConfigError
from sweeps.tracking.store import open_store, store_exists

PROGRAMS = Path(__file__).with_name("programs")


@pytest.mark.slow
def test_processes_that_make_the_store_at_once_find_one(start_python, tmp_path):
    (tmp_path / "mlflow.db.new").write_bytes(b"left by a process that was killed")
    racers = [start_python((PROGRAMS / "open_store.py").read_text(), tmp_path) for _ in range(2)]
    answers = [racer.communicate(timeout=120) for racer in racers]
    assert [answer[0] for answer in answers] == ["1 2\n", "1 2\n"]  # the other one is MLflow's own, Default
    assert [answer[1] for answer in answers] == ["", ""]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".mlflow.lock", "mlflow.db"]


def test_artifacts_are_beside_the_database(store, outputs):
    location = store.client.get_experiment(store.experiment_id).artifact_location
    assert location == (outputs / "mlartifacts").as_uri()


@pytest.mark.parametrize("uri", ["file:///tmp/mlruns", "mlruns"])
def test_a_store_that_mlflow_refuses_is_told_before_it_is_opened(uri, tmp_path):
    with pytest.raises(ConfigError, match="use sqlite:///"):
        open_store(OmegaConf.create({"uri": uri, "experiment": "x"}), str(tmp_path))


def test_a_deleted_experiment_is_told_with_the_way_back(store, outputs):
    store.client.delete_experiment(store.client.create_experiment("gone"))
    with pytest.raises(ConfigError, match="mlflow experiments restore -x"):
        open_store(OmegaConf.create({"uri": store.uri, "experiment": "gone"}), str(outputs))


def test_a_database_of_another_kind_is_told_in_one_line(tmp_path):
    (tmp_path / "notes.db").write_text("not a database, but long enough to be taken for one at first sight")
    with pytest.raises(ConfigError) as told:
        open_store(OmegaConf.create({"uri": f"sqlite:///{tmp_path}/notes.db", "experiment": "x"}), str(tmp_path))
    assert "\n" not in str(told.value)


def test_importing_the_store_imports_nothing_heavy(start_python):
    """A misspelt key is answered before mlflow is imported, which takes seconds."""
    assert start_python((PROGRAMS / "import_store.py").read_text()).communicate() == ("[]\n", "")


@pytest.mark.parametrize("options", ["", "?timeout=9"])
def test_a_store_exists_whatever_options_its_uri_has(store, outputs, options):
    assert store_exists(OmegaConf.create({"uri": f"sqlite:///{outputs}/mlflow.db{options}"}))
    assert not store_exists(OmegaConf.create({"uri": f"sqlite:///{outputs}/none.db{options}"}))
