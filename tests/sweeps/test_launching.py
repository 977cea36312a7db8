"""Real multiruns of a tiny task, through Hydra and the local launcher, in processes of their own."""

import json
import os
import re
import signal

import pytest

APP = """
import sys, time
import hydra
from hydra.core.hydra_config import HydraConfig

class Told(Exception):
    pass

def main(cfg):
    from sweeps.errors import ConfigError
    from sweeps.tracking.run import EpochMetrics, tracked_run
    from sweeps.tracking.store import open_store
    if cfg.what == "typo":
        raise ConfigError("what=typo: type what=ok")
    overrides = list(HydraConfig.get().overrides.task)
    with tracked_run(cfg, open_store(cfg.tracking, cfg.output_dir), overrides=overrides, data_digest="d") as run:
        print("in", run.run_id, cfg.sweep.name, cfg.sweep.parent_run_id, flush=True)
        if cfg.what == "raise":
            raise RuntimeError("it went wrong\\nfor a reason")
        if cfg.what == "told":
            raise Told("the data has no labels")
        if cfg.what == "exit":
            sys.exit(3)
        if cfg.what == "sleep":
            time.sleep(300)
        run.log_epochs([EpochMetrics(1, 1, {"train/loss": 1.0, "test/accuracy": cfg.seed / 10})])
    return {"test/accuracy": cfg.seed / 10}

main.told = (Told,)
folder = sys.argv.pop(1)
hydra.main(version_base="1.3", config_path=folder, config_name="app")(main)()
"""
CONF = """
defaults: [_self_, {override hydra/launcher: local}, {override hydra/job_logging: stdout}]
seed: 0
what: ok
output_dir: ???
tracking: {uri: "sqlite:///${output_dir}/mlflow.db", experiment: launching}
sweep: {name: null, parent_run_id: null}
hydra:
  run: {dir: "${output_dir}"}
  sweep: {dir: "${output_dir}/sweeps/x", subdir: "."}
  output_subdir: null
"""


@pytest.fixture(scope="module")
def start_sweep(fork_python, store, outputs, tmp_path_factory):
    conf = tmp_path_factory.mktemp("conf")
    (conf / "app.yaml").write_text(CONF)
    return lambda *overrides: fork_python(APP, conf, "-m", f"output_dir={outputs}", *overrides)


def run_of(store, run_id):
    return store.client.get_run(run_id)


@pytest.fixture(scope="module")
def good(start_sweep):
    returncode, out, err = start_sweep("seed=2,7").communicate()
    return out, err, returncode, re.findall(r"^in (\w+) (\S+) (\w+)$", out, re.MULTILINE)


def test_a_sweep_is_one_parent_with_a_child_for_each_job(good, store):
    _, err, returncode, jobs = good
    assert (returncode, err) == (0, "")
    [parent_id] = {job[2] for job in jobs}
    parent = run_of(store, parent_id)
    assert parent.info.status == "FINISHED"
    assert re.fullmatch(r"sweep-[0-9a-f]{8}", parent.info.run_name)
    assert parent.data.tags["sweep"] == parent.info.run_name
    assert "seed=2,7" in json.loads(parent.data.tags["overrides"])
    for run_id, name, _ in jobs:
        child = run_of(store, run_id)
        assert child.info.status == "FINISHED"
        assert child.data.tags["mlflow.parentRunId"] == parent_id
        assert child.data.tags["sweep"] == name == parent.info.run_name


def test_jobs_run_in_order_and_the_table_has_the_best_first(good):
    out, _, _, jobs = good
    assert [line for line in out.splitlines() if line.startswith("[")] == ["[1/2] seed=2", "[2/2] seed=7"]
    rows = [line.split() for line in out.splitlines() if line.startswith("finished")]
    assert [(row[1], row[2], row[-1]) for row in rows] == [("7", "0.7000", jobs[1][0]), ("2", "0.2000", jobs[0][0])]
    assert "mlflow ui --backend-store-uri sqlite:///" in out


def test_a_job_that_fails_leaves_the_others_running(start_sweep, store):
    returncode, out, err = start_sweep("what=raise,exit,typo,told,ok", "seed=4", "sweep.name=bad").communicate()
    assert returncode == 1
    jobs = re.findall(r"^in (\w+) bad (\w+)$", out, re.MULTILINE)
    assert [run_of(store, run_id).info.status for run_id, _ in jobs] == ["FAILED", "KILLED", "FAILED", "FINISHED"]
    parent = run_of(store, jobs[0][1])
    assert parent.info.status == "FAILED"
    assert parent.data.tags["error"] == "4 of 5 jobs failed"
    assert len(re.findall(r"^(finished|failed|killed) ", out, re.MULTILINE)) == 4
    assert err.count("Traceback") == 1  # of the error that nobody expected
    told = err.split("4 of 5 jobs failed:\n")[1]
    assert [line.partition(": ")[2] for line in told.splitlines()] == [
        "RuntimeError: it went wrong",
        "it exited with status 3",
        "what=typo: type what=ok",
        "the data has no labels",
    ]


def test_ctrl_c_ends_the_sweep_in_order(start_sweep, store):
    process = start_sweep("what=ok,sleep,raise", "sweep.name=cut")
    jobs = []
    while len(jobs) < 2:
        jobs += re.findall(r"^in (\w+) cut (\w+)$", process.readline())
    os.kill(process.pid, signal.SIGINT)
    returncode, out, _ = process.communicate()
    assert returncode == -signal.SIGINT
    assert [run_of(store, run_id).info.status for run_id, _ in jobs] == ["FINISHED", "KILLED"]
    assert run_of(store, jobs[0][1]).info.status == "KILLED"
    assert "[3/3]" not in out
    assert len(re.findall(r"^(finished|killed) ", out, re.MULTILINE)) == 2


def test_batches_of_one_sweep_have_one_parent(start_sweep, store):
    process = start_sweep("seed=1,2,3", "hydra.sweeper.max_batch_size=2", "sweep.name=batches")
    returncode, out, err = process.communicate()
    assert (returncode, err) == (0, "")
    jobs = re.findall(r"^in (\w+) batches (\w+)$", out, re.MULTILINE)
    assert len(jobs) == 3
    [parent_id] = {parent for _, parent in jobs}
    assert run_of(store, parent_id).info.status == "FINISHED"
    assert "[3/3] seed=3" in out
