"""How many jobs run side by side on this machine, and what of it each of them gets."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from sweeps.errors import ConfigError

_GIB = 1 << 30


@dataclass(frozen=True)
class Machine:
    """What there is to share out.

    Args:
        cores: that this process may use.
        memory: bytes that are free now.
        gpus: names of GPUs as CUDA_VISIBLE_DEVICES takes them.
    """

    cores: int
    memory: int
    gpus: tuple[str, ...]


@dataclass(frozen=True)
class Share:
    """What the jobs get.

    Args:
        slots: for each job that runs side by side the GPUs that it sees; none of them where there is no GPU.
        threads: CPU threads a job.
    """

    slots: tuple[tuple[str, ...], ...]
    threads: int


def this_machine() -> Machine:
    """Look what is here."""
    import psutil

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return Machine(cores, psutil.virtual_memory().available, _gpus())


def _gpus() -> tuple[str, ...]:
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return tuple(name for name in visible.split(",") if name not in ("", "-1"))
    import torch

    # Through NVML, which leaves no CUDA context in this process.
    return tuple(str(index) for index in range(torch.cuda.device_count()))


def share_out(
    machine: Machine,
    jobs: int,
    devices: int = 1,
    n_jobs: int | None = None,
    jobs_per_gpu: int = 1,
    memory_per_job: float = 1.0,
    cpu_only: bool = False,
) -> Share:
    """Share a machine out.

    Args:
        machine: what there is.
        jobs: of the whole sweep. Not how many are left: a sweep that goes on gives its jobs the threads that the first
            ones had.
        devices: GPUs that a job uses, or processes on the CPU.
        n_jobs: side by side; None for as many as cores, GPUs and memory bear.
        jobs_per_gpu: that share one GPU.
        memory_per_job: GiB.
        cpu_only: the jobs use no GPU, even where there is one.

    Raises:
        ConfigError: the machine has fewer GPUs than one job uses, or a number is below 1.
    """
    for name, value in (("n_jobs", n_jobs), ("jobs_per_gpu", jobs_per_gpu), ("devices", devices)):
        if value is not None and value < 1:
            raise ConfigError(f"hydra.launcher.{name}={value}: type a number of at least 1")
    gpus = () if cpu_only else machine.gpus
    if gpus and devices > len(gpus):
        raise ConfigError(f"hydra.launcher.devices={devices}: this machine has {len(gpus)} GPUs; type `devices`=1")
    if n_jobs is None:
        by_memory = int(machine.memory / (memory_per_job * _GIB)) if memory_per_job > 0 else jobs
        by_device = len(gpus) // devices * jobs_per_gpu if gpus else machine.cores // devices
        n_jobs = min(by_memory, by_device)
    n_jobs = max(1, min(n_jobs, jobs))
    threads = max(1, machine.cores // (n_jobs * (1 if gpus else devices)))
    return Share(tuple(_gpus_of(slot, gpus, devices) for slot in range(n_jobs)), threads)


def _gpus_of(slot: int, gpus: Sequence[str], devices: int) -> tuple[str, ...]:
    """Share groups of neighbouring GPUs out to the slots in turn."""
    if not gpus:
        return ()
    groups = len(gpus) // devices
    start = slot % groups * devices
    return tuple(gpus[start : start + devices])
