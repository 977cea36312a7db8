"""`trainer=ddp` with two processes on the CPU, which find each other by gloo."""

import os
import re
import signal
import time
from pathlib import Path

import psutil
import pytest

import train
from tests import ranks_of_tests
from tests.helpers import LITTLE, LITTLE_DATA, assert_same_weights

pytestmark = pytest.mark.slow

ONE = f"{LITTLE} {LITTLE_DATA} tracking.log_model=never progress=false optimizer.lr=0.01"
TWO = f"trainer=ddp {ONE}"
PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture(scope="module")
def alone(typist):
    return typist.train(ONE)


@pytest.fixture(scope="module")
def together(typist):
    before = run_ids(typist)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "fit_rank", ranks_of_tests.counting)
        ended = typist.type(TWO)
    assert (ended.status, ended.err) == (0, "")
    assert run_ids(typist) - before == {ended.run_id}
    return typist.done(ended.run_id)


def run_ids(typist) -> set[str]:
    client = typist.store.client
    return {run.info.run_id for run in client.search_runs([typist.store.experiment_id], max_results=5000)}


def test_two_processes_are_one_finished_run_with_all_that_one_process_leaves(together, alone):
    assert together.status == "FINISHED"
    assert {key: [step for step, _ in points] for key, points in together.history().items() if "recall" not in key} == {
        key: [step for step, _ in points] for key, points in alone.history().items() if "recall" not in key
    }
    assert together.artifacts() == alone.artifacts()
    assert together.run.data.params.keys() == alone.run.data.params.keys()


def test_two_processes_learn_what_one_does(together, alone):
    for key, points in alone.history().items():
        if key.endswith("loss"):
            assert together.history()[key] == [(step, pytest.approx(value, rel=1e-4)) for step, value in points], key


def test_each_process_trains_on_its_share_of_the_windows(together):
    counts, sums = zip(*((together.folder / f"rank-{rank}").read_text().split() for rank in range(2)), strict=True)
    windows = int(together.run.data.tags["data.windows_train"])
    assert [int(count) for count in counts] == [-(-windows // 2)] * 2
    assert sums[0] != sums[1]


def test_each_job_of_a_sweep_has_its_two_processes_and_one_run(typist):
    before = run_ids(typist)
    ended = typist.type(f"-m optimizer=adam,rmsprop {TWO}")
    assert (ended.status, ended.err) == (0, "")
    parent = typist.done(typist.done(ended.run_id).run.data.tags["mlflow.parentRunId"])
    children = parent.children()
    assert [run.status for run in (parent, *children)] == ["FINISHED"] * 3
    assert run_ids(typist) - before == {parent.id, *(child.id for child in children)}
    assert all([step for step, _ in child.history()["train/loss"]] == [1, 2] for child in children)


@pytest.mark.parametrize(
    ("rank", "line"),
    [
        (ranks_of_tests.diverging, "error: the loss became nan\n"),
        (ranks_of_tests.crashing, "RuntimeError: LocalError: it went wrong"),
        (ranks_of_tests.dying, "RuntimeError: rank 1 of 2 was killed by SIGKILL"),
        (ranks_of_tests.exiting, "RuntimeError: rank 1 of 2 exited with status 3"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_error_in_one_process_ends_the_run_with_its_line(typist, monkeypatch, rank, line):
    before = run_ids(typist)
    monkeypatch.setattr(train, "fit_rank", rank)
    ended = typist.type(TWO)
    assert ended.status == 1
    assert ended.err == line if line.startswith("error: ") else line in ended.err
    [run_id] = run_ids(typist) - before
    done = typist.done(run_id)
    assert done.status == "FAILED"
    assert line.removeprefix("error: ").strip() in done.run.data.tags["error"]
    assert [step for step, _ in done.history()["train/loss"]] == [1]
    assert not ranks_of(os.getpid())


def ranks_of(pid: int) -> list[psutil.Process]:
    """Return the descendants of a process that are ranks: children of its fork server."""
    below = [child for child in psutil.Process(pid).children(recursive=True) if child.is_running()]
    return [child for child in below if child.status() != psutil.STATUS_ZOMBIE and is_forked(child)]


def is_forked(process: psutil.Process) -> bool:
    """Return whether a fork server forked it: both have the same command line."""
    return all("multiprocessing.forkserver" in " ".join(p.cmdline()) for p in (process, process.parent()))


@pytest.mark.parametrize(("signum", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_all_processes_and_leaves_a_killed_run(typist, fork_python, signum, status):
    before = run_ids(typist)
    process = fork_python(
        (PROGRAMS / "leading_a_session.py").read_text(), *typist.words(f"{TWO} trainer.max_epochs=10000")
    )
    [run_id] = wait_for(lambda: run_ids(typist) - before)
    wait_for(typist.done(run_id).history)
    os.killpg(process.pid, signum)  # as a terminal or a batch system does: all of them
    returncode, _, err = process.communicate()
    assert returncode == status
    assert "Traceback" not in err
    assert typist.done(run_id).status == "KILLED"
    wait_for(lambda: not session(process.pid), 10)


def test_processes_end_with_the_one_that_started_them_and_the_run_goes_on(typist, fork_python, together):
    before = run_ids(typist)
    process = fork_python((PROGRAMS / "dying_beside_its_ranks.py").read_text(), *typist.words(TWO))
    returncode, out, err = process.communicate()
    assert returncode == -signal.SIGKILL, err
    ranks = [pid for pid in re.findall(r"\d+", out[out.index("ranks ") :]) if psutil.pid_exists(int(pid))]
    ranks = [psutil.Process(int(pid)) for pid in ranks]
    psutil.wait_procs(ranks, timeout=10)
    assert not any(rank.is_running() and rank.status() != psutil.STATUS_ZOMBIE for rank in ranks)
    [run_id] = run_ids(typist) - before
    ended = typist.type(f"resume={run_id} progress=false tracking.experiment=test")
    assert (ended.status, ended.err) == (0, "")
    assert typist.done(run_id).history() == together.history()
    assert_same_weights(typist.done(run_id), together)


def session(leader: int) -> list[int]:
    """Return the living processes of a session."""
    living = []
    for process in psutil.process_iter(["pid", "status"]):
        try:
            if os.getsid(process.pid) == leader and process.info["status"] != psutil.STATUS_ZOMBIE:
                living.append(process.pid)
        except ProcessLookupError:
            continue
    return living


def wait_for(condition, seconds: float = 120):
    """Return the value of a condition as soon as it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.1)
    raise TimeoutError(re.sub(r"\s+", " ", str(condition)))
