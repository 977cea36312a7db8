"""Real processes, real signals, a real store."""

import signal

import pytest

from sweeps.tracking.process import mark_dead_runs
from sweeps.tracking.signals import Terminated, held_signals, termination_raises, was_interrupted

TRACK = """
import sys, threading, time
from omegaconf import OmegaConf
from sweeps.tracking.run import tracked_run
from sweeps.tracking.store import open_store
cfg = OmegaConf.create({"tracking": {"uri": sys.argv[1], "experiment": "test"}, "output_dir": sys.argv[2], "seed": 0})
store = open_store(cfg.tracking, cfg.output_dir)
write_status = store.client.set_terminated
def slowly(*arguments):
    print("closing", flush=True)
    time.sleep(0.5)
    write_status(*arguments)
store.client.set_terminated = slowly
with tracked_run(cfg, store, overrides=[], data_digest="d") as run:
    print(run.run_id, flush=True)
    BODY
"""
WAIT = "input()"
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


BODIES = {
    "terminated": SLEEP,
    "interrupted twice": SLEEP,
    "killed hard": SLEEP,
    "finished": WAIT,
    "fit 15": FIT,
    "fit 2": FIT,
}


@pytest.fixture(scope="module")
def processes(start_python, store, outputs):
    """All at once: most of a process's time is its imports."""
    started = {
        name: start_python(TRACK.replace("    BODY", f"    {body.strip()}"), store.uri, outputs)
        for name, body in BODIES.items()
    }
    yield started
    for process in started.values():
        process.kill()
        process.communicate()


@pytest.fixture
def running(processes):
    """A process of that name, in its run, and the run's id."""

    def take(name, until=None):
        process = processes[name]
        run_id = process.stdout.readline().strip()
        assert run_id, process.stderr.read()
        assert until is None or process.stdout.readline().strip() == until
        return process, run_id

    return take


def info(store, run_id):
    return store.client.get_run(run_id).info


def test_sigterm_leaves_a_killed_run(running, store):
    process, run_id = running("terminated")
    process.terminate()
    _, told = process.communicate(timeout=30)
    assert info(store, run_id).status == "KILLED"
    assert process.returncode == 143
    assert told == ""


def test_a_second_ctrl_c_while_the_status_is_written_does_not_lose_it(running, store):
    process, run_id = running("interrupted twice")
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "closing\n"
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert info(store, run_id).status == "KILLED"
    assert process.returncode == -signal.SIGINT
    assert told.count("Traceback") == 1


def test_ctrl_c_while_a_finished_run_is_written_waits_for_it(running, store):
    process, run_id = running("finished")
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "closing\n"
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert info(store, run_id).status == "FINISHED"
    assert "KeyboardInterrupt" in told


def test_a_run_whose_process_was_killed_hard_is_marked_by_the_next_command(running, store):
    process, run_id = running("killed hard")
    mark_dead_runs(store)
    assert info(store, run_id).status == "RUNNING"
    process.kill()
    process.communicate(timeout=30)
    assert run_id in mark_dead_runs(store)
    assert info(store, run_id).status == "KILLED"


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_lightnings_fit_leaves_a_killed_run(running, store, signum):
    process, run_id = running(f"fit {signum:d}", until="training")
    process.send_signal(signum)
    _, told = process.communicate(timeout=60)
    assert info(store, run_id).status == "KILLED"
    assert process.returncode == (143 if signum == signal.SIGTERM else -signum), told
    assert told.count("Traceback") == (signum == signal.SIGINT), told


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
