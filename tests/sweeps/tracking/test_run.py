import json
import math
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from sweeps.errors import ConfigError
from sweeps.runtime.job_context import JobContext
from sweeps.runtime.process import is_alive, process_tags
from sweeps.tracking.lifecycle import opened_run
from sweeps.tracking.params import MAX_PARAM_LENGTH, flat_params, run_name, sweep_name
from sweeps.tracking.recovery import mark_dead_runs
from sweeps.tracking.run import EpochMetrics, TrackedRun, tracked_run
from train import LIMITS


def status(store, run_id):
    return store.client.get_run(run_id).info.status


def tags(store, run_id):
    return store.client.get_run(run_id).data.tags


@pytest.fixture(scope="module")
def finished(store, job):
    cfg = job(sweep__name="grid")
    with tracked_run(cfg, JobContext(("seed=0",), parent_run_id="feed"), "d1", store) as run:
        assert status(store, run.run_id) == "RUNNING"
    return run


def test_a_block_that_ends_leaves_a_finished_run(store, finished):
    assert status(store, finished.run_id) == "FINISHED"
    assert store.client.get_run(finished.run_id).info.end_time


def test_the_run_says_what_it_was(store, finished):
    told = tags(store, finished.run_id)
    assert told["mlflow.parentRunId"] == "feed"
    assert told["sweep"] == "grid"
    assert told["data_digest"] == "d1"
    assert json.loads(told["overrides"]) == ["seed=0"]
    assert {key: told[key] for key in process_tags()} == process_tags()
    assert len(told["cell"]) == 16


def test_the_resolved_config_is_an_artifact_and_the_params(store, finished, job):
    cfg = OmegaConf.load(store.client.download_artifacts(finished.run_id, "config.yaml"))
    assert cfg.datamodule.stride == 9
    params = store.client.get_run(finished.run_id).data.params
    assert params["datamodule.stride"] == "9"
    assert params["optimizer.betas"] == "[0.9, 0.999]"
    assert params["model.dropout"] == "null"
    assert not {"output_dir", "progress", "sweep.retry_failed"} & set(params)


def test_an_error_leaves_a_failed_run_that_says_why_in_one_line(store, job):
    with pytest.raises(ValueError), tracked_run(job(), JobContext(), "d", store) as run:
        raise ValueError("no such thing\nin more words")
    assert status(store, run.run_id) == "FAILED"
    assert tags(store, run.run_id)["error"] == "ValueError: no such thing"


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), SystemExit(2), GeneratorExit()])
def test_an_interrupt_leaves_a_killed_run(store, job, interrupt):
    with pytest.raises(type(interrupt)), tracked_run(job(), JobContext(), "d", store) as run:
        raise interrupt
    assert status(store, run.run_id) == "KILLED"


def test_a_fork_of_the_process_does_not_close_its_run(store, job):
    with opened_run(store, name="x", tags={}) as opened:
        child = os.fork()
        if child == 0:
            opened.close("KILLED")
            os._exit(0)
        os.waitpid(child, 0)
        assert status(store, opened.run_id) == "RUNNING"
    assert status(store, opened.run_id) == "FINISHED"


def test_an_epoch_is_one_write(store, job, monkeypatch):
    with tracked_run(job(), JobContext(), "d", store) as run:
        writes = []
        real = store.client.log_batch
        monkeypatch.setattr(store.client, "log_batch", lambda *a, **k: (writes.append(k), real(*a, **k)))
        for epoch in (1, 2, 3):
            run.log_epochs([EpochMetrics(epoch, 1000 * epoch, {f"train/{i}": float(i) for i in range(20)})])
    assert [len(write.get("metrics", ())) for write in writes] == [20, 20, 20]


def test_what_is_not_a_number_is_kept_as_that(store, job):
    values = {"nan": math.nan, "inf": math.inf}
    with tracked_run(job(), JobContext(), "d", store) as run:
        run.log_epochs([EpochMetrics(1, 5, values)])
        TrackedRun(store, run.run_id, run.name, resumed=True).log_epochs([EpochMetrics(1, 5, values)])
    kept = {key: store.client.get_metric_history(run.run_id, key) for key in values}
    assert [len(history) for history in kept.values()] == [1, 1]
    assert math.isnan(kept["nan"][0].value)
    assert kept["inf"][0].value > 1e300


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=st.sets(st.tuples(st.sampled_from("ab"), st.integers(1, 4))), again=st.booleans())
def test_a_resumed_run_leaves_every_step_in_the_store_once(store, job, sent, again):
    rows = [EpochMetrics(epoch, epoch, {"a": epoch / 7, "b": -1.0}) for epoch in range(1, 5)]
    with tracked_run(job(), JobContext(), "d", store) as before:
        before.log_epochs([EpochMetrics(e, e, {key: row}) for key, e in sent for row in [rows[e - 1].values[key]]])
    run = TrackedRun(store, before.run_id, before.name, resumed=True)
    run.log_epochs(rows)
    if again:
        TrackedRun(store, before.run_id, before.name, resumed=True).log_epochs(rows)
        run.log_epochs(rows)
    for key in "ab":
        history = store.client.get_metric_history(run.run_id, key)
        assert {m.step: m.value for m in history} == {row.epoch: row.values[key] for row in rows}
        assert len(history) == 4


def test_more_metrics_than_one_call_takes_are_all_written(store, job):
    rows = [EpochMetrics(epoch, 1, {"a": 1.0, "b": 2.0, "c": 3.0}) for epoch in range(1, 401)]
    with tracked_run(job(), JobContext(), "d", store) as run:
        run.log_epochs(rows)
    assert len(store.client.get_metric_history(run.run_id, "c")) == 400


def test_a_killed_run_goes_on_as_the_same_run(store, job):
    with pytest.raises(RuntimeError), tracked_run(job(), JobContext(), "d", store) as run:
        raise RuntimeError("x")
    params = store.client.get_run(run.run_id).data.params
    with tracked_run(job(seed=5), JobContext(("resume=x",), resume_run_id=run.run_id), "d", store) as again:
        assert again.run_id == run.run_id
        assert again.folder == run.folder
        assert status(store, run.run_id) == "RUNNING"
        assert "error" not in tags(store, run.run_id)
    assert status(store, run.run_id) == "FINISHED"
    assert store.client.get_run(run.run_id).data.params == params


def test_a_run_does_not_go_on_with_other_data(store, job, finished):
    resumed = tracked_run(job(), JobContext(resume_run_id=finished.run_id), "d2", store)
    with pytest.raises(ConfigError, match=f"from_run={finished.run_id}"), resumed:
        pass
    assert status(store, finished.run_id) == "FINISHED"


def test_files_tables_and_data_are_kept(store, job, tmp_path):
    (tmp_path / "x.txt").write_text("x")
    with tracked_run(job(), JobContext(), "d", store) as run:
        run.log_file(tmp_path / "x.txt", "notes")
        run.log_table([{"class": "a, b", "recall": 0.5}], "per_class.csv")
        run.log_dataset("synthetic", "0" * 64, "train", {"windows": 3}, "pose.simulator")
        run.set_tags({"k": "v"})
    assert Path(store.client.download_artifacts(run.run_id, "notes/x.txt")).read_text() == "x"
    table = Path(store.client.download_artifacts(run.run_id, "per_class.csv")).read_text()
    assert table == 'class,recall\n"a, b",0.5\n'
    [used] = store.client.get_run(run.run_id).inputs.dataset_inputs
    assert used.dataset.name == "synthetic"
    assert used.tags[0].value == "train"
    assert tags(store, run.run_id)["k"] == "v"


def test_a_long_value_is_not_cut_silently(job):
    params = flat_params(job(model__dropout="x" * 9000))
    assert len(params["model.dropout"]) == MAX_PARAM_LENGTH
    assert params["model.dropout"].endswith("(cut: 9000 characters, all of them in config.yaml)")


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        ([], "lstm-adam-seed0"),
        (["optimizer=sgd", "seed=1", "output_dir=/x", "hydra.verbose=true"], "optimizer=sgd seed=1"),
        (["+sweep=optimizers"], "lstm-adam-seed0"),
    ],
)
def test_a_run_has_a_name_for_people(job, overrides, name):
    assert run_name(job(), JobContext(tuple(overrides), limits=LIMITS)) == name


def test_the_same_command_finds_the_same_sweep(job):
    assert sweep_name(job(), ["a=1,2", "b=3"]) == sweep_name(job(), ["b=3", "output_dir=/x", "a=1,2"])
    assert sweep_name(job(), ["a=1,2"]) != sweep_name(job(), ["a=1,3"])
    assert sweep_name(job(sweep__name="mine"), ["a=1,2"]) == "mine"


def test_a_pid_that_another_process_has_now_counts_as_dead():
    own = process_tags()
    assert is_alive(own)
    assert not is_alive({**own, "pid_start": str(float(own["pid_start"]) - 100)})
    assert is_alive({**own, "host": "elsewhere", "pid": "1"})


def test_runs_of_processes_that_have_gone_are_killed_at_their_last_metric(store, job):
    ids = []
    for name, extra in {"dead": {"pid_start": "1.0"}, "alive": {}, "foreign": {"host": "elsewhere"}}.items():
        run = store.client.create_run(store.experiment_id, tags={**process_tags(), **extra}, run_name=name)
        TrackedRun(store, run.info.run_id, name).log_epochs([EpochMetrics(1, 1_700_000_000_000, {"a": 1.0})])
        ids.append(run.info.run_id)
    assert mark_dead_runs(store) == ids[:1]
    assert [status(store, run_id) for run_id in ids] == ["KILLED", "RUNNING", "RUNNING"]
    assert store.client.get_run(ids[0]).info.end_time == 1_700_000_000_000
    assert mark_dead_runs(store) == []
    for run_id in ids[1:]:
        store.client.set_terminated(run_id)
