"""Real processes, real signals, a real store."""

import os
import signal
import time

import pytest

from sweeps.runtime.signals import Terminated, held_signals, termination_raises, was_interrupted
from sweeps.tracking.recovery import mark_dead_runs

TRACK = """
import os, signal, sys, time
from omegaconf import OmegaConf
from sweeps.runtime.job_context import JobContext
from sweeps.tracking.run import tracked_run
from sweeps.tracking.store import open_store
cfg = OmegaConf.create({"tracking": {"uri": sys.argv[1], "experiment": "test"}, "output_dir": sys.argv[2], "seed": 0})
store = open_store(cfg.tracking, cfg.output_dir)
if sys.argv[3:]:
    write_status = store.client.set_terminated
    def write_and_be_interrupted(*arguments):
        os.kill(os.getpid(), signal.SIGINT)
        write_status(*arguments)
    store.client.set_terminated = write_and_be_interrupted
with tracked_run(cfg, JobContext(), "d", store) as run:
    print(run.run_id, flush=True)
    BODY
"""
SLEEP = "time.sleep(300)"
FIT = """
    import warnings; warnings.simplefilter("ignore")
    import logging; logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    import torch, pytorch_lightning as pl
    class Tiny(pl.LightningModule):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(2, 1)
        def training_step(self, batch, index):
            if index == 1:
                print("training", flush=True)
                time.sleep(300)
            return self.layer(batch).mean()
        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)
    trainer = pl.Trainer(accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False,
                         enable_progress_bar=False, enable_model_summary=False)
    trainer.fit(Tiny(), torch.utils.data.DataLoader(torch.ones(8, 2)))
"""


@pytest.fixture
def start_run(fork_python, store, outputs):
    """Start a process in a run, and give it and the run's id; anything after `body` has it get Ctrl-C while closing."""

    def start(body, *again):
        process = fork_python(TRACK.replace("    BODY", f"    {body.strip()}"), store.uri, outputs, *again)
        return process, process.readline().strip()

    return start


def status(store, run_id):
    return store.client.get_run(run_id).info.status


@pytest.mark.slow
def test_sigterm_leaves_a_killed_run(start_run, store):
    process, run_id = start_run(SLEEP)
    os.kill(process.pid, signal.SIGTERM)
    returncode, _, told = process.communicate()
    assert (returncode, told) == (143, "")
    assert status(store, run_id) == "KILLED"


@pytest.mark.slow
@pytest.mark.parametrize("again", [(), ("again",)])
def test_ctrl_c_once_or_twice_leaves_a_killed_run(start_run, store, again):
    process, run_id = start_run(SLEEP, *again)
    os.kill(process.pid, signal.SIGINT)
    returncode, _, told = process.communicate()
    assert returncode == -signal.SIGINT
    assert told.count("Traceback") == 1
    assert status(store, run_id) == "KILLED"


@pytest.mark.slow
def test_ctrl_c_while_a_finished_run_is_written_waits_for_it(start_run, store):
    process, run_id = start_run("pass", "again")
    returncode, _, told = process.communicate()
    assert returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in told
    assert status(store, run_id) == "FINISHED"


def test_a_run_whose_process_was_killed_hard_is_marked_by_the_next_command(start_run, store):
    process, run_id = start_run(SLEEP)
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
    process, run_id = start_run(FIT)
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
