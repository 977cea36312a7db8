"""Jobs that a sweep is made without, because the data cannot have what they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sweeps.errors import ConfigError


def without(jobs: Sequence[Sequence[str]], reasons: Sequence[str | None]) -> tuple[list[str], list[str]]:
    """Find the overrides that make a sweep without the jobs that have a reason against them.

    A sweep is a grid: what can be left out of one is a value, with all jobs that have it.

    Args:
        jobs: what each job overrides, key=value, the same keys in the same order.
        reasons: why a job cannot be run, None for one that can.

    Returns:
        Overrides to add to those of the sweep, and what is left out: ``key=value: reason``. Nothing of either where all
        jobs can be run.

    Raises:
        ConfigError: none can be run, or some that have no value to themselves cannot: the first reason.
    """
    first = next((reason for reason in reasons if reason is not None), None)
    if first is None:
        return [], []
    out = _impossible(jobs, reasons)
    kept = [(job, reason) for job, reason in zip(jobs, reasons, strict=True) if not set(job) & out.keys()]
    if not kept or any(reason is not None for _, reason in kept):
        raise ConfigError(first)
    keys = dict.fromkeys(line.partition("=")[0] for line in out)
    overrides = [_choice(key, [job for job, _ in kept]) for key in keys]
    told = [f"{line}: {reason}" for line, reason in out.items()]
    return overrides, told


def _impossible(jobs: Sequence[Sequence[str]], reasons: Sequence[str | None]) -> Mapping[str, str]:
    """Give the values, ``key=value``, none of whose jobs can be run, with the first reason against each."""
    out: dict[str, str] = {}
    possible = {line for job, reason in zip(jobs, reasons, strict=True) if reason is None for line in job}
    for job, reason in zip(jobs, reasons, strict=True):
        for line in job:
            if reason is not None and line not in possible:
                out.setdefault(line, reason)
    return out


def _choice(key: str, jobs: Sequence[Sequence[str]]) -> str:
    lines = dict.fromkeys(line for job in jobs for line in job if line.partition("=")[0] == key)
    return f"{key}={','.join(line.partition('=')[2] for line in lines)}"
