"""A tracking server that goes away, at every kind of moment: the run goes on, nothing is lost and nothing is twice."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from sweeps.errors import ConfigError
from sweeps.launch import launch
from sweeps.tracking import send
from sweeps.tracking.journal import FILES, OUTBOX
from sweeps.tracking.lifecycle import OpenRun, opened_run
from sweeps.tracking.run import EpochMetrics, TrackedRun
from sweeps.tracking.store import Store, open_store
from tests.helpers import LITTLE, LITTLE_DATA, Done, Typist
from tests.servers import INITDB, Line, free_port, postgres

EPOCHS = 5
PROGRAMS = Path(__file__).with_name("programs")
KILLED, WRITER = PROGRAMS / "killed_training.py", PROGRAMS / "write_run.py"
COMMAND = f"tracking=server {LITTLE} {LITTLE_DATA} trainer.max_epochs={EPOCHS} progress=false"
# Of the process, or of the way to the server.
OWN_TAGS = {"host", "pid", "pid_start", "create_token", "overrides", "mlflow.source.name"}
OWN_TAGS |= {"git_commit", "git_dirty", "mlflow.source.git.commit"}  # somebody may commit meanwhile
OWN_PARAMS = {"tracking.uri", "tracking.patience"}
API = "/api/2.0/mlflow"


@pytest.fixture
def line(server):
    between = Line(server.port)
    yield between
    between.cut()


@pytest.fixture
def open_folder():
    """A folder that the user postgres can get at, as pytest's are not."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def typist(server, tmp_path_factory) -> Typist:
    outputs = tmp_path_factory.mktemp("outputs-of-server")
    return Typist(outputs, open_at(server.uri, outputs))


def open_at(uri: str, folder, **options) -> Store:
    return open_store(OmegaConf.create({"uri": uri, "experiment": "test", **options}), str(folder))


@pytest.fixture(scope="session")
def whole(typist, server):
    """A run that nothing happened to."""
    return Content.of(typist.train(f"{COMMAND} tracking.uri={server.uri}"))


@dataclass
class Content:
    """All that is in the store of a run, but what differs between any two."""

    status: str
    metrics: dict[str, list[tuple[int, float]]]
    params: dict[str, str]
    tags: dict[str, str]
    artifacts: set[str]
    per_class: str
    datasets: list[tuple[str, str, str]]
    models: list[tuple[str, str, set[str]]]

    @classmethod
    def of(cls, done: Done) -> Content:
        client, data = done.store.client, done.run.data
        models = [client.get_logged_model(output.model_id) for output in done.run.outputs.model_outputs]
        made = client.search_logged_models([done.run.info.experiment_id], f"source_run_id = '{done.id}'")
        assert {model.model_id for model in made} == {model.model_id for model in models}
        return cls(
            done.status,
            done.history(),
            {key: value for key, value in data.params.items() if key not in OWN_PARAMS},
            {key: value for key, value in data.tags.items() if key not in OWN_TAGS},
            done.artifacts(),
            read(client, done.id, "per_class.csv"),
            sorted((i.dataset.name, i.dataset.digest, i.tags[0].value) for i in done.run.inputs.dataset_inputs),
            [(m.name, str(m.status), {f.path for f in client.list_logged_model_artifacts(m.model_id)}) for m in models],
        )


def read(client, run_id: str, name: str) -> str:
    return Path(client.download_artifacts(run_id, name)).read_text()


def check_same(done: Done, whole: Content) -> None:
    """It is as a run that nothing happened to, each metric from when it was measured, and nothing waits any more."""
    content = Content.of(done)
    for name in vars(whole):
        assert getattr(content, name) == getattr(whole, name), name
    rows = next(state["rows"] for state in done.checkpoint()["callbacks"].values() if "rows" in state)
    when = {row["epoch"]: row["time_ms"] for row in rows}
    for key in content.metrics:
        assert all(m.timestamp == when[m.step] for m in done.store.client.get_metric_history(done.id, key)), key
    assert done.run.info.start_time <= when[1]
    assert not (done.folder / OUTBOX).exists()
    assert not (done.folder / FILES).exists()


def before(monkeypatch, owner, name: str, actions) -> None:
    """Do something before the so-many-th call of a method, from 1."""
    real, count = getattr(owner, name), iter(range(1, 1000))

    def wrapper(*args, **kwargs):
        actions.get(next(count), lambda: None)()
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, name, wrapper)


def later(seconds: float, action) -> None:
    threading.Timer(seconds, action).start()


def away_for(server, seconds: float) -> None:
    server.stop()
    later(seconds, server.start)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["start", "training", "end"])
def test_a_run_whose_server_was_stopped_and_started_is_as_any_other(typist, server, whole, monkeypatch, moment):
    if moment == "start":
        before(monkeypatch, OpenRun, "create", {1: partial(away_for, server, 1.5)})
    elif moment == "training":
        before(monkeypatch, TrackedRun, "log_epochs", {2: server.stop, EPOCHS: server.start})
    else:
        before(monkeypatch, TrackedRun, "log_figure", {1: partial(away_for, server, 3)})
    check_same(typist.train(f"{COMMAND} tracking.uri={server.uri}"), whole)


@pytest.mark.slow
def test_a_run_whose_server_carried_out_what_it_did_not_answer_is_as_any_other(typist, line, whole):
    requests = [f"POST {API}/runs/{name} " for name in ("create", "log-inputs", "update", "outputs")]
    requests += [f"POST {API}/logged-models ", f"PATCH {API}/logged-models/", "PUT /api/2.0/mlflow-artifacts/"]
    requests += [f"POST {API}/runs/log-batch "] * 6  # params, tags, metrics
    line.lose_answers(*requests)
    done = typist.train(f"{COMMAND} tracking.uri={line.uri}")
    assert sorted(line.lost) == sorted(requests)
    check_same(done, whole)
    query = f"tags.create_token = '{done.run.data.tags['create_token']}'"
    assert len(typist.store.client.search_runs([done.run.info.experiment_id], query)) == 1


@pytest.mark.slow
def test_what_a_killed_job_had_to_say_is_sent_by_the_next_command(typist, server, whole, fork_python):
    words = typist.words(f"{COMMAND} tracking.uri={server.uri}")
    known = run_ids(typist)
    status, _, told = fork_python(KILLED.read_text(), "log_epochs", server.pid, *words).communicate()
    assert status == -signal.SIGKILL, told
    server.start()
    [run_id] = run_ids(typist) - known
    assert {m.step for m in typist.store.client.get_metric_history(run_id, "train/loss")} == {1}
    ended = typist.type(f"tracking=server tracking.uri={server.uri} tracking.experiment=test resume={run_id}")
    assert (ended.status, ended.err) == (0, "")
    done = typist.done(run_id)
    done.run.data.tags.pop("resumed_git_commit", None)
    check_same(done, whole)


@pytest.mark.slow
def test_a_job_that_ends_while_the_server_is_away_says_what_to_type(typist, server, whole, monkeypatch):
    before(monkeypatch, TrackedRun, "log_figure", {1: server.stop})
    known = run_ids(typist)
    try:
        ended = typist.type(f"{COMMAND} tracking.uri={server.uri} tracking.patience=0.5")
        assert ended.status == 1
        assert ended.err.count("\n") == 1
        assert f"python -m sweeps.tracking.send {server.uri} {typist.outputs}" in ended.err
    finally:
        server.start()
    [run_id] = run_ids(typist) - known
    assert typist.done(run_id).status == "RUNNING"
    monkeypatch.setattr(send, "is_alive", lambda tags: False)  # the run was one of this process
    send.main([server.uri, str(typist.outputs)])
    check_same(typist.done(run_id), whole)


def run_ids(typist) -> set[str]:
    runs = typist.store.client.search_runs([typist.store.experiment_id], max_results=5000)
    return {run.info.run_id for run in runs}


@pytest.mark.slow
def test_a_sweep_survives_that_the_server_goes_away_for_its_driver_and_its_jobs(typist, line, monkeypatch):
    def away() -> None:
        line.cut()
        later(1, line.mend)

    def away_at_first_metric() -> None:
        known = run_ids(typist)
        end = time.monotonic() + 120
        while not any(typist.done(run_id).run.data.metrics for run_id in run_ids(typist) - known):
            assert time.monotonic() < end
            time.sleep(0.1)
        away()

    before(monkeypatch, OpenRun, "create", {1: away})
    before(monkeypatch, launch, "print_sweep_table", {1: away})
    watch = threading.Thread(target=away_at_first_metric)
    watch.start()
    ended = typist.type(
        f"-m optimizer=adam,sgd sweep.name=outage tracking.log_model=never {COMMAND} tracking.uri={line.uri}"
    )
    watch.join()
    assert ended.status == 0, ended.err
    runs = typist.store.client.search_runs([typist.store.experiment_id], "tags.sweep = 'outage'")
    assert [run.info.status for run in runs] == ["FINISHED"] * 3
    children = [typist.done(run.info.run_id) for run in runs if "mlflow.parentRunId" in run.data.tags]
    for child in children:
        assert [step for step, _ in child.history()["train/loss"]] == list(range(1, EPOCHS + 1))
        assert "curves.png" in child.artifacts()


def test_a_server_that_hangs_holds_training_up_for_moments_only(server, tmp_path):
    store = open_at(server.uri, tmp_path, timeout=1, patience=30)
    with opened_run(store, name="hangs", tags={}) as opened:
        run = TrackedRun(store, opened.run_id, "hangs")
        os.kill(server.pid, signal.SIGSTOP)
        began = time.monotonic()
        for epoch in range(1, 50):
            run.log_epochs([EpochMetrics(epoch, 1000 + epoch, {"loss": epoch / 7})])
        assert time.monotonic() - began < 3
        os.kill(server.pid, signal.SIGCONT)
    history = store.client.get_metric_history(run.run_id, "loss")
    assert sorted((m.step, m.timestamp, m.value) for m in history) == [(e, 1000 + e, e / 7) for e in range(1, 50)]
    assert store.client.get_run(run.run_id).info.status == "FINISHED"


@pytest.mark.slow
def test_a_run_that_a_late_request_has_made_again_does_not_stay(line, tmp_path):
    store = open_at(line.uri, tmp_path, timeout=1, patience=30)
    line.hold(f"POST {API}/runs/create ", 2)

    def made() -> list[str]:
        return [run.info.run_id for run in store.client.search_runs([store.experiment_id], "tags.late = 'yes'")]

    with opened_run(store, name="late", tags={"late": "yes"}) as opened:
        assert made() == [opened.run_id]
        end = time.monotonic() + 20
        while len(made()) < 2 and time.monotonic() < end:
            time.sleep(0.1)
        assert len(made()) == 2
    assert made() == [opened.run_id]


def test_who_waits_for_the_server_at_the_end_can_be_interrupted(line, tmp_path):
    store = open_at(line.uri, tmp_path, patience=60)
    with pytest.raises(KeyboardInterrupt), opened_run(store, name="waits", tags={}) as opened:
        line.cut()
        later(1, partial(os.kill, os.getpid(), signal.SIGINT))
    line.mend()
    assert store.sink(opened.run_id).flush()
    assert store.client.get_run(opened.run_id).info.status == "FINISHED"


def test_who_interrupts_a_sweep_whose_server_is_away_does_not_wait_for_it(line, tmp_path):
    store = open_at(line.uri, tmp_path, patience=60)
    line.cut()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), launch.summed_up(store, "0" * 32):
        raise KeyboardInterrupt
    assert time.monotonic() - began < 4


def test_a_server_that_is_not_there_is_told_at_once_with_what_starts_one(tmp_path):
    port = free_port()
    began = time.monotonic()
    with pytest.raises(ConfigError, match=rf"Connection refused.*mlflow server --host 127.0.0.1 --port {port}") as told:
        open_at(f"http://127.0.0.1:{port}", tmp_path)
    assert time.monotonic() - began < 5
    assert "\n" not in str(told.value)


def test_a_database_that_is_not_there_is_told_at_once_and_without_its_password(tmp_path):
    began = time.monotonic()
    with pytest.raises(ConfigError, match=r"Connection refused.*createdb") as told:
        open_at(f"postgresql+psycopg2://me:secret@127.0.0.1:{free_port()}/runs", tmp_path)
    assert time.monotonic() - began < 5
    assert "secret" not in str(told.value)


@pytest.mark.slow
@pytest.mark.skipif(not INITDB, reason="needs PostgreSQL: make setup-services")
def test_many_processes_write_to_postgresql_at_once_also_when_it_goes_away(open_folder, fork_python, tmp_path):
    with postgres(open_folder) as database:
        writers = [fork_python(WRITER.read_text(), database.uri, tmp_path, name) for name in "abcd"]
        for writer in writers:
            writer.readline()
        (tmp_path / "go").touch()
        time.sleep(0.5)
        database.stop()
        time.sleep(1)
        database.start()
        ended = [writer.communicate() for writer in writers]
        assert [status for status, _, _ in ended] == [0] * 4, ended
        store = open_at(database.uri, tmp_path)
        [experiment] = [e for e in store.client.search_experiments() if e.name == "many"]
        runs = store.client.search_runs([experiment.experiment_id])
        assert sorted(run.data.params["name"] for run in runs) == list("abcd")
        for run in runs:
            assert run.info.status == "FINISHED"
            assert sorted(used.dataset.digest for used in run.inputs.dataset_inputs) == sorted(map(str, range(30)))
            assert read(store.client, run.info.run_id, "table.csv") == f"name\n{run.data.tags['writer']}\n"
            for i in (0, 19):
                history = store.client.get_metric_history(run.info.run_id, f"m{i}")
                assert sorted((m.step, m.timestamp, m.value) for m in history) == [
                    (epoch, 1000 * epoch, epoch + i / 7) for epoch in range(1, 31)
                ]
