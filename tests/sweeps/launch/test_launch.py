"""Real multiruns of a tiny task, through Hydra and the local launcher, with real processes that are really killed."""

import json
import os
import re
import signal
import time
from pathlib import Path

import psutil
import pytest

import sweeps.launch.plan
import sweeps.tracking.sweep_runs
from tests.conftest import ROOT

APP = (ROOT / "tests/programs/app.py").read_text()
CONF = """
defaults: [_self_, {override hydra/launcher: local}, {override hydra/job_logging: stdout}]
seed: 0
what: ok
checkpoint: false
num_threads: null
output_dir: ???
tracking: {uri: "sqlite:///${output_dir}/mlflow.db", experiment: launching}
sweep: {name: null, max_retries: 0, fail_fast: false, retry_failed: true}
hydra:
  run: {dir: "${output_dir}"}
  sweep: {dir: "${output_dir}/sweeps/${oc.select:sweep.name,x}", subdir: "."}
  output_subdir: null
"""


class Sweep:
    """A sweep as it is started, read and looked up."""

    def __init__(self, process, store, name):
        self.process, self.store, self.name = process, store, name

    def end(self):
        self.status, self.out, self.err = self.process.communicate()
        return self

    def jobs(self):
        """Of each log the lines of runs in it: run id, parent id, new or resumed."""
        folder = self.store.output_dir / "sweeps" / self.name
        logs = sorted(folder.glob("*.log"), key=lambda file: int(file.stem))
        return [re.findall(rf"^in (\w+) {self.name} (\w+) (\w+)$", log.read_text(), re.MULTILINE) for log in logs]

    def run(self, run_id):
        return self.store.client.get_run(run_id)

    def parent(self):
        return self.run(next(job[0][1] for job in self.jobs() if job))

    def children(self):
        return sweeps.launch.plan.children_of(self.store, self.parent().info.run_id)

    def wait_for(self, count, timeout=60):
        """Wait until so many jobs have made a run."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if sum(map(bool, self.jobs())) >= count:
                return
            time.sleep(0.05)
        raise TimeoutError(self.process._err.read_text())


@pytest.fixture(scope="module")
def start_sweep(fork_python, store, outputs, tmp_path_factory):
    conf = tmp_path_factory.mktemp("conf")
    (conf / "app.yaml").write_text(CONF)
    launcher = conf / "hydra" / "launcher"
    launcher.mkdir(parents=True)
    (launcher / "local.yaml").write_text((ROOT / "conf/hydra/launcher/local.yaml").read_text())

    def start(name, *overrides):
        words = ["-m", f"output_dir={outputs}", f"sweep.name={name}", "hydra.launcher.n_jobs=2", *overrides]
        return Sweep(fork_python(APP, Path(__file__).parent, "sweep_app", conf, *words), store, name)

    return start


@pytest.fixture(scope="module")
def good(start_sweep):
    return start_sweep("good", "seed=2,7").end()


def test_a_sweep_is_one_parent_with_a_child_for_each_job(good):
    assert (good.status, good.err) == (0, ""), good.err
    parent = good.parent()
    assert (parent.info.status, parent.info.run_name, parent.data.tags["sweep"]) == ("FINISHED", "good", "good")
    assert "seed=2,7" in json.loads(parent.data.tags["overrides"])
    for ((run_id, parent_id, _),) in good.jobs():
        child = good.run(run_id)
        assert child.info.status == "FINISHED"
        assert child.data.tags["mlflow.parentRunId"] == parent_id == parent.info.run_id
        assert child.data.tags["sweep"] == "good"


def test_the_table_has_the_best_first_and_threads_are_kept_with_the_run(good):
    rows = [line.split() for line in good.out.splitlines() if line.startswith("finished")]
    ids = [job[0][0] for job in good.jobs()]
    assert [(row[1], row[2], row[-1]) for row in rows] == [("7", "0.7000", ids[1]), ("2", "0.2000", ids[0])]
    assert "mlflow ui --backend-store-uri sqlite:///" in good.out
    assert {good.run(run_id).data.params["num_threads"] for run_id in ids} == {str(max(1, os.cpu_count() // 2))}


@pytest.mark.slow
def test_the_same_command_again_runs_nothing_and_shows_the_same(good, start_sweep):
    again = start_sweep("good", "seed=2,7").end()
    assert again.status == 0
    assert "2 of 2 jobs of the sweep good are finished already" in again.out
    table = [line for line in good.out.splitlines() if line.startswith("finished")]
    assert [line for line in again.out.splitlines() if line.startswith("finished")] == table
    assert len(good.children()) == 2
    assert good.parent().info.status == "FINISHED"


@pytest.mark.slow
def test_a_grown_grid_runs_its_new_cells_only(good, start_sweep):
    grown = start_sweep("good", "seed=2,7,5").end()
    assert grown.status == 0
    assert "2 of 3 jobs of the sweep good are finished already" in grown.out
    assert sorted(run.data.params["seed"] for run in good.children()) == ["2", "5", "7"]
    shrunk = start_sweep("good", "seed=5").end()
    assert len([line for line in shrunk.out.splitlines() if line.startswith("finished")]) == 1
    assert "2 more under the same name" in shrunk.out


@pytest.mark.slow
def test_a_cell_that_is_asked_for_twice_is_run_once(start_sweep):
    twice = start_sweep("twice", "seed=3,3").end()
    assert (twice.status, len(twice.children())) == (0, 1)


@pytest.mark.slow
def test_a_job_that_fails_or_dies_leaves_the_others_running(start_sweep):
    bad = start_sweep("bad", "what=raise,exit,typo,told,kill,ok", "seed=4").end()
    assert bad.status == 1
    statuses = [bad.run(job[0][0]).info.status if job else None for job in bad.jobs()]
    assert statuses == ["FAILED", "KILLED", None, "FAILED", "KILLED", "FINISHED"]
    parent = bad.parent()
    assert (parent.info.status, parent.data.tags["error"]) == ("FAILED", "5 of 6 jobs failed")
    assert len(re.findall(r"^(finished|failed|killed) ", bad.out, re.MULTILINE)) == 5
    folder = bad.store.output_dir / "sweeps/bad"
    told = bad.err.split("5 of 6 jobs failed:\n")[1]
    assert told.splitlines() == [
        f"  job 1 (what=raise): RuntimeError: it went wrong; output in {folder}/1.log",
        f"  job 2 (what=exit): it exited with status 3; output in {folder}/2.log",
        f"  job 3 (what=typo): what=typo: type what=ok; output in {folder}/3.log",
        f"  job 4 (what=told): the data has no labels; output in {folder}/4.log",
        f"  job 5 (what=kill): it was killed by SIGKILL, as the kernel does where memory runs out; "
        f"output in {folder}/5.log",
    ]
    assert "Traceback" in (folder / "1.log").read_text()
    assert "Traceback" not in bad.err + (folder / "4.log").read_text()


@pytest.mark.slow
def test_failed_jobs_are_tried_again_by_the_same_command_or_left(start_sweep, outputs):
    (outputs / "asked").unlink(missing_ok=True)
    first = start_sweep("flaky", "what=raise_once,ok").end()
    assert first.status == 1
    left = start_sweep("flaky", "what=raise_once,ok", "sweep.retry_failed=false").end()
    assert left.status == 1
    assert "RuntimeError: not yet (earlier; sweep.retry_failed=true tries it again)" in left.err
    assert len(first.children()) == 2
    again = start_sweep("flaky", "what=raise_once,ok").end()
    assert again.status == 0
    assert sorted(run.info.status for run in first.children()) == ["FAILED", "FINISHED", "FINISHED"]
    assert len([line for line in again.out.splitlines() if line.startswith("finished")]) == 2
    assert "failed " not in again.out


@pytest.mark.slow
def test_a_job_is_tried_again_at_once_where_that_is_asked_for(start_sweep, outputs):
    (outputs / "asked").unlink(missing_ok=True)
    retried = start_sweep("retried", "what=raise_once,ok", "sweep.max_retries=1").end()
    assert retried.status == 0
    assert "started again, try 2" in retried.out


@pytest.mark.slow
def test_after_a_failure_nothing_more_is_started_where_that_is_asked_for(start_sweep):
    fast = start_sweep("fast", "what=raise,sleep,ok", "sweep.fail_fast=true").end()
    assert fast.status == 1
    assert {run.info.status for run in fast.children()} <= {"FAILED", "KILLED"}  # the second may not have got so far
    assert "job 3 (what=ok): it was not started" in fast.err


def test_ctrl_c_ends_all_jobs_within_five_seconds(start_sweep):
    cut = start_sweep("cut", "what=sleep", "seed=1,2,3", "checkpoint=true")
    cut.wait_for(2)
    jobs = [psutil.Process(int(run.data.tags["pid"])) for run in cut.children()]
    os.kill(cut.process.pid, signal.SIGINT)
    assert not psutil.wait_procs(jobs, timeout=5)[1]
    cut.end()
    assert cut.status == -signal.SIGINT
    assert [run.info.status for run in cut.children()] == ["KILLED", "KILLED"]
    assert cut.parent().info.status == "KILLED"
    assert len(re.findall(r"^killed ", cut.out, re.MULTILINE)) == 2


@pytest.mark.slow
@pytest.mark.parametrize("checkpoint", ["true", "false"])
def test_jobs_end_with_a_driver_that_is_killed_and_the_next_one_goes_on(start_sweep, outputs, checkpoint):
    (outputs / "asked").unlink(missing_ok=True)
    name = f"orphans_{checkpoint}"
    words = ("what=sleep_once,ok", "seed=1,2", f"checkpoint={checkpoint}", f"sweep.name={name}")
    sweep = start_sweep(name, *words)
    sweep.wait_for(3)
    jobs = [child for run in sweep.children() if psutil.pid_exists(child := int(run.data.tags["pid"]))]
    assert jobs
    os.kill(sweep.process.pid, signal.SIGKILL)
    _, living = psutil.wait_procs([psutil.Process(pid) for pid in jobs if psutil.pid_exists(pid)], timeout=5)
    assert not living
    sweep.end()
    again = start_sweep(name, *words).end()
    assert again.status == 0
    children = sweep.children()
    assert [run.info.status for run in children] == ["FINISHED"] * 4  # none twice
    resumed = [words[2] for job in sweep.jobs() for words in job if words[2] == "resumed"]
    assert len(resumed) == (1 if checkpoint == "true" else 0)
    assert again.parent().info.status == "FINISHED"


@pytest.mark.slow
def test_a_second_driver_says_so_and_leaves_all_as_it_is(start_sweep):
    first = start_sweep("shared", "what=sleep")
    first.wait_for(1)
    second = start_sweep("shared", "what=sleep").end()
    assert second.status == 1
    assert f"the sweep shared is being run already, by process {first.process.pid} on " in second.err
    assert "type sweep.name=ANOTHER" in second.err
    os.kill(first.process.pid, signal.SIGINT)
    assert [run.info.status for run in first.end().children()] == ["KILLED"]


@pytest.mark.slow
def test_batches_of_one_sweep_have_one_parent(start_sweep):
    batches = start_sweep("batches", "seed=1,2,3", "hydra.sweeper.max_batch_size=2").end()
    assert (batches.status, batches.err) == (0, "")
    assert len(batches.jobs()) == 3
    assert {job[0][1] for job in batches.jobs()} == {batches.parent().info.run_id}
    assert batches.parent().info.status == "FINISHED"
    assert len([line for line in batches.out.splitlines() if line.startswith("finished")]) == 3 + 2  # a table a batch
    assert len(sweeps.tracking.sweep_runs.read_grid(batches.store.client, batches.parent().info.run_id)) == 3


@pytest.mark.slow
def test_batches_of_an_earlier_command_no_longer_count(start_sweep):
    start_sweep("rebatched", "seed=1,2,3", "hydra.sweeper.max_batch_size=2").end()
    again = start_sweep("rebatched", "seed=2", "hydra.sweeper.max_batch_size=2").end()
    assert [
        asked.overrides
        for asked in sweeps.tracking.sweep_runs.read_grid(again.store.client, again.parent().info.run_id)
    ] == [[f"output_dir={again.store.output_dir}", "sweep.name=rebatched", "seed=2"]]
