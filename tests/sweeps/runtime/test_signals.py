"""Real processes, real signals, a real store."""

import os
import signal
import time
from pathlib import Path

import pytest

from sweeps.runtime.signals import Terminated, held_signals, termination_raises, was_interrupted
from sweeps.tracking.recovery import mark_dead_runs

PROGRAM = Path(__file__).with_name("programs") / "interrupted_run.py"


@pytest.fixture
def start_run(fork_python, store, outputs):
    """Start a process in a run; return it and the run's id. With `again`, Ctrl-C comes while the run is closed."""

    def start(action, *again):
        process = fork_python(PROGRAM.read_text(), store.uri, outputs, action, *again)
        return process, process.readline().strip()

    return start


def status(store, run_id):
    return store.client.get_run(run_id).info.status


@pytest.mark.slow
def test_sigterm_leaves_a_killed_run(start_run, store):
    process, run_id = start_run("sleep")
    os.kill(process.pid, signal.SIGTERM)
    returncode, _, told = process.communicate()
    assert (returncode, told) == (143, "")
    assert status(store, run_id) == "KILLED"


@pytest.mark.slow
@pytest.mark.parametrize("again", [(), ("again",)])
def test_ctrl_c_once_or_twice_leaves_a_killed_run(start_run, store, again):
    process, run_id = start_run("sleep", *again)
    os.kill(process.pid, signal.SIGINT)
    returncode, _, told = process.communicate()
    assert returncode == -signal.SIGINT
    assert told.count("Traceback") == 1
    assert status(store, run_id) == "KILLED"


@pytest.mark.slow
def test_ctrl_c_while_a_finished_run_is_written_waits_for_it(start_run, store):
    process, run_id = start_run("nothing", "again")
    returncode, _, told = process.communicate()
    assert returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in told
    assert status(store, run_id) == "FINISHED"


def test_a_run_whose_process_was_killed_hard_is_marked_by_the_next_command(start_run, store):
    process, run_id = start_run("sleep")
    mark_dead_runs(store)
    assert status(store, run_id) == "RUNNING"
    os.kill(process.pid, signal.SIGKILL)
    while run_id not in mark_dead_runs(store):  # a zombie, which its parent has not asked for yet, is dead too
        time.sleep(0.01)
    assert status(store, run_id) == "KILLED"
    assert process.communicate()[0] == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_lightnings_fit_leaves_a_killed_run(start_run, store, signum):
    process, run_id = start_run("fit")
    assert process.readline() == "training\n"
    os.kill(process.pid, signum)
    returncode, _, told = process.communicate()
    assert returncode == (143 if signum == signal.SIGTERM else -signum), told
    assert told.count("Traceback") == (signum == signal.SIGINT), told
    assert status(store, run_id) == "KILLED"


def test_a_signal_that_comes_while_held_is_delivered_afterwards():
    done = []
    with pytest.raises(KeyboardInterrupt), held_signals():
        signal.raise_signal(signal.SIGINT)
        done.append("all of it")
    assert done == ["all of it"]
    with held_signals(redeliver=False):
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_somebody_else_stays_theirs():
    came = []
    previous = signal.signal(signal.SIGTERM, lambda *_: came.append(1))
    try:
        with termination_raises():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, previous)
    assert came == [1]


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_termination_is_an_exit_with_the_shells_status(signum):
    with pytest.raises(SystemExit) as ended, termination_raises():
        signal.raise_signal(signum)
    assert isinstance(ended.value, Terminated)
    assert ended.value.code == 128 + signum
    assert str(ended.value) == signum.name
    assert signal.getsignal(signum) is signal.SIG_DFL


def test_an_exit_out_of_a_ctrl_c_counts_as_an_interrupt():
    exit_of_lightning = SystemExit(1)
    exit_of_lightning.__context__ = KeyboardInterrupt()
    assert was_interrupted(exit_of_lightning)
    assert was_interrupted(Terminated(15))
    assert not was_interrupted(SystemExit(1))
    assert not was_interrupted(None)
