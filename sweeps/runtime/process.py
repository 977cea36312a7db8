"""Which process a run belongs to, and whether it is still there."""

from __future__ import annotations

import functools
import os
import socket

from sweeps.runtime import squeue

# The clock can be set while a process runs, and with it the start time that the system reports.
_SAME_START_S = 2.0
SLURM_JOB = "slurm_job_id"  # tag: of a process in a Slurm job that job's id, 12 or 12_3


@functools.cache
def _own_start(pid: int) -> str:
    import psutil

    return f"{psutil.Process(pid).create_time():.2f}"


def process_tags() -> dict[str, str]:
    """Name this process: host, pid, its start (seconds since 1970), which tells a reused pid apart, and Slurm job."""
    slurm_job = squeue.own_job_id()
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
        return squeue.is_running(tags[SLURM_JOB]) if SLURM_JOB in tags else True
    try:
        process = psutil.Process(int(tags["pid"]))
        started, gone = process.create_time(), process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    return not gone and abs(started - float(tags["pid_start"])) < _SAME_START_S
