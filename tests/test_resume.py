"""Runs that are killed hard, at every kind of moment, and go on: the end is that of a run left alone, bit for bit."""

import random
import signal
from itertools import product
from pathlib import Path

import pytest

from sweeps.tracking.recovery import mark_dead_runs
from tests.helpers import LITTLE, LITTLE_DATA, Done, assert_same_weights
from tests.killing import MOMENTS

EPOCHS = 4
BATCHES = {"training": 8, "validation": 2}  # of 32 windows, in an epoch
ONCE = ("test", "results")  # moments that come once, after the last epoch
CHILD = (Path(__file__).parent / "programs/killed_run.py").read_text()


def command(optimizer: str, loader: str) -> str:
    data = f"{LITTLE_DATA} datamodule.loader={loader} datamodule.num_workers=1"
    rest = f"{LITTLE} trainer.max_epochs={EPOCHS} model.dropout=0.3 tracking.log_model=never progress=false"
    return f"optimizer={optimizer} optimizer.lr=0.01 scheduler=cosine {data} {rest}"


@pytest.fixture(scope="session")
def whole(typist):
    """Runs that nobody killed, each made once."""
    made: dict[tuple[str, str], Done] = {}

    def get(optimizer: str, loader: str) -> Done:
        if (optimizer, loader) not in made:
            made[optimizer, loader] = typist.train(command(optimizer, loader))
        return made[optimizer, loader]

    return get


@pytest.fixture(scope="session")
def kill(typist, fork_python):
    """Run a command that dies at a moment; gives the run that it leaves."""

    def run(typed: str, moment: str, count: int) -> Done:
        before = run_ids(typist)
        status, _, told = fork_python(CHILD, moment, count, *typist.words(typed)).communicate()
        assert status == -signal.SIGKILL, told
        [run_id] = run_ids(typist) - before
        assert typist.done(run_id).status == "RUNNING"
        return typist.done(run_id)

    return run


def run_ids(typist) -> set[str]:
    client = typist.store.client
    return {run.info.run_id for run in client.search_runs([typist.store.experiment_id], max_results=5000)}


def moment_in(moment: str, draw: random.Random) -> int:
    """Which time of a moment: one after the first epoch."""
    if moment in ONCE:
        return 1
    if moment.startswith("checkpoint"):
        return 3 + draw.randrange(EPOCHS - 1)  # the first epoch writes best and last, later ones at least last
    each = BATCHES.get(moment, 1)
    return each + draw.randrange((EPOCHS - 1) * each) + 1


def check_resume(typist, whole, kill, moment: str, optimizer: str, loader: str) -> None:
    draw = random.Random(f"{moment} {optimizer} {loader}")
    killed = kill(command(optimizer, loader), moment, moment_in(moment, draw))
    assert killed.id in mark_dead_runs(typist.store)
    assert typist.done(killed.id).status == "KILLED"
    ended = typist.type(f"resume={killed.id} progress=false tracking.experiment=test")
    assert (ended.status, ended.err) == (0, "")
    assert ended.run_id == killed.id
    done, expected = typist.done(killed.id), whole(optimizer, loader)
    assert done.status == "FINISHED"
    assert done.history() == expected.history()
    assert_same_weights(done, expected)
    assert_same_weights(done, expected, "best.ckpt")
    assert done.run.data.params == expected.run.data.params
    assert done.artifacts() == expected.artifacts()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("moment", "optimizer", "loader"),
    [
        ("training", "adam", "resident"),
        ("checkpoint_half_written", "rmsprop", "workers"),
        ("tracking_not_committed", "adam", "resident"),
    ],
)
def test_a_killed_run_goes_on_as_if_nothing_had_been(typist, whole, kill, moment, optimizer, loader):
    check_resume(typist, whole, kill, moment, optimizer, loader)


@pytest.mark.soak
@pytest.mark.parametrize(
    ("moment", "optimizer", "loader"), list(product(MOMENTS, ("adam", "rmsprop"), ("resident", "workers")))
)
def test_a_run_killed_at_any_moment_goes_on_as_if_nothing_had_been(typist, whole, kill, moment, optimizer, loader):
    check_resume(typist, whole, kill, moment, optimizer, loader)


@pytest.mark.slow
def test_a_run_that_was_killed_twice_goes_on_too(typist, whole, kill, fork_python):
    killed = kill(command("adam", "resident"), "validation", 2 * BATCHES["validation"])
    words = typist.words(f"resume={killed.id} progress=false tracking.experiment=test")
    status, _, told = fork_python(CHILD, "tracking_committed", 2, *words).communicate()
    assert status == -signal.SIGKILL, told
    ended = typist.type(f"resume={killed.id} progress=false tracking.experiment=test")
    assert (ended.status, ended.err) == (0, "")
    expected = whole("adam", "resident")
    assert typist.done(killed.id).history() == expected.history()
    assert_same_weights(typist.done(killed.id), expected)


@pytest.mark.slow
def test_what_cannot_be_resumed_is_told_in_one_line(typist, whole, kill):
    def told(words: str) -> str:
        ended = typist.type(f"{words} tracking.experiment=test")
        assert ended.status == 1
        assert ended.err.count("\n") == 1
        return ended.err

    unfinished = kill(command("adam", "resident"), "training", 3)
    finished = whole("adam", "resident")
    start_anew = f"no epoch of that run was finished; start anew with from_run={unfinished.id}"
    assert told(f"resume={unfinished.id}") == f"error: resume={unfinished.id}: {start_anew}\n"
    assert "that run is finished" in told(f"resume={finished.id}")
    assert "no such run" in told(f"resume={'feedbeef' * 4}")
    assert f"from_run={unfinished.id} seed=3" in told(f"resume={unfinished.id} seed=3")
    assert typist.done(unfinished.id).status == "KILLED"
    assert typist.done(finished.id).history() == finished.history()
