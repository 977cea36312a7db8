"""Sweeps on a real Slurm: two nodes with a GPU each, jobs that fail, die, are preempted, left alone and cancelled."""

import itertools
import os
import re
import signal
import subprocess
import time

import pytest

from sweeps.runtime.squeue import LIVING
from tests.conftest import ROOT
from tests.helpers import LITTLE, assert_same_weights
from tests.pose.video.videos import rectangles, write_video

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def no_jobs_are_left(cluster):
    """A test that fails leaves the nodes to the next one."""
    yield
    cluster.ask("scancel", "--user=root")


@pytest.fixture(scope="module")
def four(start_sweep):
    return start_sweep("four", "hydra/launcher=slurm_gpu", "hydra.launcher.cpus_per_task=1",
                       "what=ok,ok2,raise,kill", "seed=4").end()  # fmt: skip


def test_each_job_has_a_gpu_for_itself(four):
    used: dict[str, list[tuple[float, float]]] = {}
    for number in (1, 2, 3, 4):
        begun = re.search(r"^begins ([\d.]+) (n[12]) (\S+) 1 new$", four.said(number), re.MULTILINE)
        assert begun, four.said(number) + four.out + four.err
        ended = re.search(r"^ends ([\d.]+)$", four.said(number), re.MULTILINE)
        assert begun[3] == "0"  # the node's only one
        used.setdefault(begun[2], []).append((float(begun[1]), float(ended[1] if ended else begun[1])))
    assert set(used) == {"n1", "n2"}
    for spans in used.values():
        for (_, end), (begin, _) in itertools.pairwise(sorted(spans)):
            assert end <= begin


def test_one_that_raises_and_one_that_is_killed_leave_the_others_alone(four, cluster):
    assert four.status == 1
    assert four.statuses() == {"ok": "FINISHED", "ok2": "FINISHED", "raise": "FAILED", "kill": "KILLED"}
    assert (four.parent().info.status, four.parent().data.tags["error"]) == ("FAILED", "2 of 4 jobs failed")
    folder = four.store.output_dir / "sweeps/four"
    told = four.err.split("2 of 4 jobs failed:\n")[1].splitlines()
    assert told == [
        f"  job 3 (what=raise): RuntimeError: it went wrong; output in {folder}/3.log",
        f"  job 4 (what=kill): Slurm says FAILED, and it left no result, as where it is killed or memory runs "
        f"out; output in {folder}/4.log",
    ]
    assert "Traceback" in four.said(3)
    assert "Traceback" not in four.err
    # Slurm's own states are true, too
    assert sorted(cluster.jobs().values()) == ["COMPLETED", "COMPLETED", "FAILED", "FAILED"]


def test_a_driver_that_leaves_or_is_killed_is_followed_by_one_that_attaches(start_sweep, cluster, outputs):
    words = ("what=gate1,gate2", "seed=1")
    left = start_sweep("left", *words, "hydra.launcher.detach=true").end()
    assert (left.status, left.err) == (0, ""), left.err
    [ids] = re.findall(r"^2 of 2 jobs go on without this command: (\d+_0) (\d+_1)$", left.out, re.MULTILINE)
    [command] = re.findall(r"^To attach to them: python \S+ -m (.*)$", left.out, re.MULTILINE)
    assert command == f"hydra.launcher.mem_gb=1 output_dir={outputs} sweep.name=left what=gate1,gate2 seed=1"
    assert left.parent().info.status == "SCHEDULED"

    here = start_sweep("left", *words, "hydra/launcher=local").end()
    assert here.status == 1
    assert f"attach to it: hydra/launcher=slurm; or end it: scancel {' '.join(ids)}" in here.err

    killed = start_sweep("left", *words)
    assert killed.process.readline() == f"2 of 2 jobs are in Slurm already: {' '.join(ids)}\n"
    killed.wait_for("^begins", 2)
    os.kill(killed.process.pid, signal.SIGKILL)
    killed.end()
    cluster.ask("scontrol", "requeue", ids[1])  # as when its node fails, with nobody there to see it
    (outputs / "go-left-gate1").touch()
    killed.wait_for("^ends", 1)

    last = start_sweep("left", *words)
    assert last.process.readline() == "1 of 2 jobs of the sweep left are finished already\n"
    assert last.process.readline() == f"1 of 2 jobs are in Slurm already: {ids[1]}\n"
    last.wait_for("^begins .* resumed$", 1)
    (outputs / "go-left-gate2").touch()
    last.end()
    assert (last.status, last.err) == (0, ""), last.err
    assert last.statuses() == {"gate1": "FINISHED", "gate2": "FINISHED"}
    assert len(last.children()) == 2
    assert len([line for line in last.out.splitlines() if line.startswith("finished")]) == 2
    assert last.parent().info.status == "FINISHED"
    assert not set(ids) & {job_id for job_id, state in cluster.jobs().items() if state != "COMPLETED"}


def test_ctrl_c_cancels_the_jobs_and_marks_their_runs(start_sweep, cluster):
    cut = start_sweep("cut", "what=sleep", "seed=1,2,3", "hydra.launcher.cpus_per_task=2")  # two at a time
    cut.wait_for("^begins", 2)
    began = time.monotonic()
    os.kill(cut.process.pid, signal.SIGINT)
    while LIVING & set(cluster.jobs().values()) and time.monotonic() - began < 60:
        time.sleep(0.2)
    assert time.monotonic() - began < 10
    cut.end()
    assert cut.status == -signal.SIGINT
    assert [run.info.status for run in cut.children()] == ["KILLED", "KILLED"]
    assert cut.parent().info.status == "KILLED"


def test_a_job_is_handed_over_again_and_after_its_last_try_the_others_are_cancelled(start_sweep, cluster):
    fast = start_sweep("fast", "what=raise,sleep", "sweep.max_retries=1", "sweep.fail_fast=true").end()
    assert fast.status == 1
    assert sorted(run.info.status for run in fast.children()) == ["FAILED", "FAILED", "KILLED"]
    assert "started again, try 2" in fast.out
    assert "job 2 (what=sleep): it was ended with the sweep" in fast.err
    assert not LIVING & set(cluster.jobs().values())


DOOR = (ROOT / "tests/programs/door.py").read_text()
TRAINING = f"{LITTLE} datamodule.frames=12000 trainer.max_epochs=12 model.dropout=0.3 tracking.log_model=never"


def test_a_job_that_is_preempted_ends_as_if_nothing_had_been(typist, cluster, fork_python):
    launcher = "hydra/launcher=slurm hydra.launcher.mem_gb=2 hydra.launcher.timeout_min=30"
    process = fork_python(DOOR, "train", "-m", *typist.words(f"{TRAINING} sweep.name=preempted {launcher}"))
    run = wait_for_run(typist, lambda run: (run.folder / "last.ckpt").exists())
    urgent = ("sbatch", "--partition=urgent", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=sleep 2")
    subprocess.run(urgent, env=cluster.env, check=True, capture_output=True)
    wait_for_run(typist, lambda run: run.status == "KILLED")
    expected = typist.train(TRAINING)
    status, out, err = process.communicate()
    assert (status, err) == (0, ""), err
    assert "waiting: Slurm has queued it again; it will go on" in out
    [done] = sweep_runs(typist)
    assert (done.id, done.status) == (run.id, "FINISHED")
    assert done.history() == expected.history()
    assert_same_weights(done, expected)
    assert_same_weights(done, expected, "best.ckpt")


def sweep_runs(typist):
    runs = typist.store.client.search_runs([typist.store.experiment_id], "tags.sweep = 'preempted'")
    return [typist.done(run.info.run_id) for run in runs if "mlflow.parentRunId" in run.data.tags]


def wait_for_run(typist, condition):
    """Wait until the preempted sweep's one run is in some way."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        if found := [run for run in sweep_runs(typist) if condition(run)]:
            return found[0]
        time.sleep(0.2)
    raise TimeoutError([run.run for run in sweep_runs(typist)])


def test_shards_of_an_extraction_are_jobs_on_the_nodes(typist, cluster, fork_python, tmp_path):
    pytest.importorskip("av", reason="make pose")
    for number in range(4):
        write_video(tmp_path / f"videos/walk/{number}.mp4", rectangles(10 + number))
    pose = "pose/detector=whole_frame pose/estimator=rtmpose_m pose.estimator.weights=random pose/tracker=none"
    words = f"path={tmp_path}/videos store={tmp_path}/store {pose} num_shards=2 shard=0,1 sweep.name=shards_on_slurm"
    launcher = "hydra/launcher=slurm hydra.launcher.mem_gb=2 tracking.experiment=test"
    status, out, err = fork_python(DOOR, "extract", "-m", *typist.words(f"{words} {launcher}")).communicate()
    assert (status, err) == (0, ""), err
    assert "2 of 2 jobs were handed to Slurm" in out
    assert len(list(tmp_path.glob("store/*/*.safetensors"))) == 4
