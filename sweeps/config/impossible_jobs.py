"""Jobs that a sweep leaves out, because the data cannot have what they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sweeps.errors import ConfigError


def drop_impossible(jobs: Sequence[Sequence[str]], reasons: Sequence[str | None]) -> tuple[list[str], list[str]]:
    """Find the overrides that drop the impossible jobs from a sweep.

    A sweep is a grid: what can be dropped from one is a value, with all jobs that have it.

    Args:
        jobs: The overrides of each job, key=value, the same keys in the same order.
        reasons: Why a job cannot be run, None for one that can.

    Returns:
        Overrides to add to those of the sweep, and what they drop: ``key=value: reason``. Both are empty where all jobs
        can be run.

    Raises:
        ConfigError: No job can be run, or one that cannot has no value to itself: the first reason.
    """
    first = next((reason for reason in reasons if reason is not None), None)
    if first is None:
        return [], []
    dropped = _impossible_values(jobs, reasons)
    kept = [(job, reason) for job, reason in zip(jobs, reasons, strict=True) if not set(job) & dropped.keys()]
    if not kept or any(reason is not None for _, reason in kept):
        raise ConfigError(first)
    keys = dict.fromkeys(line.partition("=")[0] for line in dropped)
    overrides = [_choice(key, [job for job, _ in kept]) for key in keys]
    lines = [f"{line}: {reason}" for line, reason in dropped.items()]
    return overrides, lines


def _impossible_values(jobs: Sequence[Sequence[str]], reasons: Sequence[str | None]) -> Mapping[str, str]:
    """Find the values, ``key=value``, none of whose jobs can be run, with the first reason against each."""
    impossible: dict[str, str] = {}
    possible = {line for job, reason in zip(jobs, reasons, strict=True) if reason is None for line in job}
    for job, reason in zip(jobs, reasons, strict=True):
        for line in job:
            if reason is not None and line not in possible:
                impossible.setdefault(line, reason)
    return impossible


def _choice(key: str, jobs: Sequence[Sequence[str]]) -> str:
    lines = dict.fromkeys(line for job in jobs for line in job if line.partition("=")[0] == key)
    return f"{key}={','.join(line.partition('=')[2] for line in lines)}"
