"""What a job does about the signals that Slurm ends it with, and about a run that another process began."""

import os
import signal

import pytest
from submitit.core.utils import UncompletedJobError

from sweeps.errors import ConfigError
from sweeps.launch.slurm.node_task import Ending, ProgressFile, progress_file, take_over
from sweeps.runtime.process import is_alive
from sweeps.runtime.signals import Terminated
from sweeps.runtime.squeue import QueueError, look_up
from sweeps.tracking.lifecycle import OpenRun
from sweeps.tracking.recovery import mark_dead_runs
from sweeps.tracking.sweep_runs import children_of


@pytest.fixture
def squeue(tmp_path, monkeypatch):
    """Has squeue say what Slurm knows of jobs, lines of `id|state|reason`; None: that it does not answer."""
    (tmp_path / "bin").mkdir()
    file = tmp_path / "bin/squeue"
    monkeypatch.setenv("PATH", str(file.parent), prepend=":")

    def say(text):
        failure = "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1"
        file.write_text(f"#!/bin/sh\n{failure if text is None else f'echo {text!r}'}\n")
        file.chmod(0o755)

    return say


@pytest.fixture
def requeued(monkeypatch):
    """A process as submitit leaves it before a job begins; gives the signals that came through to its handler."""
    monkeypatch.setenv("SLURM_ARRAY_JOB_ID", "12")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "3")
    came = []
    before = {number: signal.getsignal(number) for number in (signal.SIGUSR2, signal.SIGTERM)}
    signal.signal(signal.SIGUSR2, lambda number, _: came.append(number))
    yield came
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGUSR2, signal.SIGTERM])
def test_a_job_that_is_preempted_is_queued_again_once(requeued, squeue, number):
    squeue("12_3|RUNNING|None")
    ending = Ending()
    for _ in range(2):
        signal.raise_signal(number)
        signal.raise_signal(signal.SIGTERM)
    assert (requeued, ending.began, ending.out_of_turns) == ([signal.SIGUSR2], True, "")


@pytest.mark.parametrize("state", ["12_3|COMPLETING|None", "12_3|CANCELLED|None", None])
def test_a_job_that_is_cancelled_ends_in_order(requeued, squeue, state):
    squeue(state)
    Ending()
    with pytest.raises(Terminated):
        signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGTERM)  # and is left alone while it ends
    assert requeued == []


def test_a_job_out_of_turns_ends_as_one_that_can_be_gone_on_with(requeued, squeue):
    def refuse(number, frame):
        raise UncompletedJobError("Job not requeued because: timed-out too many times.")

    signal.signal(signal.SIGUSR2, refuse)
    ending = Ending()
    with pytest.raises(Terminated):
        signal.raise_signal(signal.SIGUSR2)
    assert ending.out_of_turns.startswith(
        "Job not requeued because: timed-out too many times; the same command goes on"
    )


def test_the_processes_that_a_job_forks_leave_the_signals_to_it(requeued, squeue):
    squeue("12_3|RUNNING|None")
    Ending()
    pid = os.fork()
    if pid == 0:
        signal.raise_signal(signal.SIGUSR2)
        signal.raise_signal(signal.SIGTERM)
        os._exit(len(requeued))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_progress_is_whole_and_not_written_all_the_time(tmp_path):
    file = progress_file(tmp_path / "3.log")
    said = ProgressFile(file)
    said(1, 9, "epoch 1")
    said(2, 9, "epoch 2")
    assert file.read_text() == '{"done": 1, "total": 9, "text": "epoch 1"}'
    said(9, 9, "epoch 9")
    assert file.read_text() == '{"done": 9, "total": 9, "text": "epoch 9"}'
    assert [path.name for path in tmp_path.iterdir()] == ["3.progress.json"]


@pytest.fixture
def running(store):
    """A run that a process in Slurm job 12_3 on another machine has begun; it is the one job of a sweep."""
    parent = store.client.create_run(store.experiment_id).info.run_id
    tags = {"host": "n7", "pid": "1", "pid_start": "1", "slurm_job_id": "12_3", "mlflow.parentRunId": parent}
    run_id = store.client.create_run(store.experiment_id, tags=tags).info.run_id
    yield lambda: children_of(store, parent)[0]
    for each in (run_id, parent):
        store.client.set_terminated(each, "KILLED")


def test_a_job_takes_its_own_run_over_after_it_was_queued_again(requeued, squeue, store, running):
    squeue("12_3|RUNNING|None")
    take_over(store, running())
    assert running().info.status == "KILLED"


def test_a_job_takes_a_run_over_from_one_that_has_ended_but_not_from_one_that_lives(
    requeued, squeue, store, running, monkeypatch
):
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "4")
    squeue("12_3|RUNNING|None")
    with pytest.raises(ConfigError, match="still going, in process 1 on n7"):
        take_over(store, running())
    squeue("12_3|CANCELLED|None")
    take_over(store, running())
    assert running().info.status == "KILLED"


def test_slurm_is_asked_about_a_process_on_another_machine(squeue, store, running):
    tags = dict(running().data.tags)
    answers = {"12_3|RUNNING|None": True, "12_3|PENDING|BeginTime": False, "12_4|RUNNING|None": False, None: True}
    for answer, alive in answers.items():
        squeue(answer)
        assert is_alive(tags) is alive, answer
    mark_dead_runs(store)  # of this machine
    assert running().info.status == "RUNNING"


def test_a_run_that_goes_on_outside_slurm_is_no_longer_a_slurm_jobs(store, running, monkeypatch):
    for name in ("SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID"):
        monkeypatch.delenv(name, raising=False)
    run = OpenRun(store)
    run.reopen(running().info.run_id, {})
    assert "slurm_job_id" not in running().data.tags
    run.close("KILLED")


def test_answers_of_squeue(squeue):
    squeue("12_0|RUNNING|None\n12_1|PENDING|Resources\n12_2|TIMEOUT|TimeLimit\n9|PENDING|None")
    found = look_up(["12_0", "12_1", "12_2", "13"])
    assert {job_id: queued.lives for job_id, queued in found.items()} == {"12_0": True, "12_1": True, "12_2": False}
    assert found["12_1"].reason == "Resources"
    squeue(None)
    with pytest.raises(QueueError, match="Unable to contact slurm controller"):
        look_up(["12_0"])
    assert look_up([]) == {}
