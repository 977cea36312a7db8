"""Which process a run belongs to, and the end of those whose process has gone."""

from __future__ import annotations

import functools
import os
import socket
import time
from typing import TYPE_CHECKING

from sweeps.slurm import queue

if TYPE_CHECKING:
    from mlflow.entities import Run

    from sweeps.tracking.store import Store

# The clock can be set while a process runs, and with it the start time that the system reports.
_SAME_START_S = 2.0
SLURM_JOB = "slurm_job_id"  # tag: of a process in a Slurm job that job's id, 12 or 12_3


@functools.cache
def _own_start(pid: int) -> str:
    import psutil

    return f"{psutil.Process(pid).create_time():.2f}"


def process_tags() -> dict[str, str]:
    """Name this process: host, pid, its start (seconds since 1970), which tells a reused pid apart, and Slurm job."""
    slurm_job = queue.own_job_id()
    return {
        "host": socket.gethostname(),
        "pid": str(os.getpid()),
        "pid_start": _own_start(os.getpid()),
        **({SLURM_JOB: slurm_job} if slurm_job else {}),
    }


def is_alive(tags: dict[str, str]) -> bool:
    """Tell whether the process that `tags` name still runs.

    On another host Slurm is asked about the process's job; where it has none, or Slurm is silent, it counts as alive.
    """
    import psutil

    if tags.get("host") != socket.gethostname():
        return queue.is_running(tags[SLURM_JOB]) if SLURM_JOB in tags else True
    try:
        process = psutil.Process(int(tags["pid"]))
        started, gone = process.create_time(), process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    return not gone and abs(started - float(tags["pid_start"])) < _SAME_START_S


def _last_sign_of_life(store: Store, run: Run) -> int:
    """Give the time in ms since 1970 of the run's last metric, or now where it has none."""
    times = [m.timestamp for key in run.data.metrics for m in store.client.get_metric_history(run.info.run_id, key)]
    return max(times, default=int(time.time() * 1000))


def end_dead_run(store: Store, run: Run) -> None:
    """Set a run to KILLED whose process has gone, at the time of its last metric."""
    store.client.set_terminated(run.info.run_id, "KILLED", _last_sign_of_life(store, run))


def mark_dead_runs(store: Store) -> list[str]:
    """Set those RUNNING runs of this host to KILLED whose process has gone, in every experiment of the store.

    First of all what such processes had still to say is sent, where the store had gone away: it may be their end.

    Returns:
        The ids of the runs that were marked.
    """
    from sweeps.tracking.send import send_left_behind

    send_left_behind(store)
    experiments = [e.experiment_id for e in store.client.search_experiments()]
    query = f"attributes.status = 'RUNNING' and tags.host = '{socket.gethostname()}'"
    running = store.client.search_runs(experiments, query, max_results=1000)
    dead = [r for r in running if "pid_start" in r.data.tags and not is_alive(r.data.tags)]
    for run in dead:
        end_dead_run(store, run)
    return [run.info.run_id for run in dead]
