"""Settings that are tuned before anything is compared: each option at its best, chosen by validation, never by test."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sweeps.config.messages import listed, nearest
from sweeps.errors import ConfigError
from sweeps.report.sweep_data import FinishedJob, Sweep, grouped

Levels = tuple[str, ...]


@dataclass(frozen=True)
class Candidate:
    """One value of the tuned keys, for one setting of everything else.

    Attributes:
        setting: levels of the other factors, in their order.
        values: of the tuned keys, in their order.
        score: mean over runs of the best validation value; NaN where a run of it is missing.
        runs: finished ones.
        chosen: it is the best of its setting.
        at_edge: it is chosen, and the first or last of what was tried: better values may lie outside.
    """

    setting: Levels
    values: Levels
    score: float
    runs: int
    chosen: bool = False
    at_edge: bool = False


@dataclass(frozen=True)
class Tuning:
    """What was tuned, and how.

    Attributes:
        keys: that were tuned.
        others: the other factors.
        monitor: validation metric that chose.
        candidates: all that were tried.
        problem: why nothing could be chosen; "" where it could.
    """

    keys: Sequence[str]
    others: Sequence[str]
    monitor: str
    candidates: Sequence[Candidate]
    problem: str = ""


def keys_to_tune(sweep: Sweep, typed: Sequence[str] | None) -> list[str]:
    """Return the keys to tune.

    Args:
        sweep: as read.
        typed: the user's choice; None leaves it to the sweep, whose command may have said so.

    Raises:
        ConfigError: the sweep does not vary a key that was typed.
    """
    if typed is None:
        tuned = json.loads(sweep.jobs[0].params.get("sweep.tuned", "[]"))
        return [key for key in tuned if key in sweep.factors]
    for key in typed:
        if key not in sweep.factors:
            near = nearest(key, sweep.factors)
            varied = listed(sweep.factors, "and") if sweep.factors else "nothing"
            advice = f"type tuned=[{near}]" if near else f"it varies {varied}"
            raise ConfigError(f"tuned=[{key}]: the sweep {sweep.name} does not vary {key}; {advice}")
    return list(typed)


def tune(sweep: Sweep, keys: Sequence[str]) -> tuple[Sweep, Tuning | None]:
    """Keep of each setting the runs with the values of `keys` that are best on validation.

    A value is scored by the mean over its runs of the best epoch's `selection.monitor`; one of whose runs is missing is
    not chosen, since the mean of the others may be better for want of the worst.

    Args:
        sweep: as read.
        keys: to tune, of those that differ between its jobs.

    Returns:
        The sweep with fewer jobs, and what was chosen; None where nothing is to be tuned.
    """
    if not keys:
        return sweep, None
    others = [key for key in sweep.factors if key not in keys]
    monitor = sweep.jobs[0].params.get("selection.monitor", "")
    lower = sweep.jobs[0].params.get("selection.mode") == "min"
    candidates: list[Candidate] = []
    for setting, jobs in grouped(sweep.jobs, lambda job: job.levels(others)).items():
        scored = _score(setting, grouped(jobs, lambda job: job.levels(keys)), monitor, lower)
        candidates += _choose(scored, lower, [sweep.levels[key] for key in keys])
    chosen = {(candidate.setting, candidate.values) for candidate in candidates if candidate.chosen}
    if {setting for setting, _ in chosen} != {candidate.setting for candidate in candidates}:
        problem = f"no value of {' and '.join(keys)} has {monitor} of all its runs"
        return sweep, Tuning(keys, others, monitor, candidates, problem)
    kept = [job for job in sweep.jobs if (job.levels(others), job.levels(keys)) in chosen]
    levels = {key: levels for key, levels in sweep.levels.items() if key not in keys}
    return replace(sweep, jobs=kept, levels=levels), Tuning(keys, others, monitor, candidates)


def _score(setting: Levels, runs: Mapping[Levels, list[FinishedJob]], monitor: str, lower: bool) -> list[Candidate]:
    most = max(len(jobs) for jobs in runs.values())
    candidates = []
    for values, jobs in runs.items():
        bests = [best for job in jobs if (best := _best(job, monitor, lower)) is not None]
        score = float(np.mean(bests)) if len(bests) == most else float("nan")
        candidates.append(Candidate(setting, values, score, len(jobs)))
    return candidates


def _best(job: FinishedJob, monitor: str, lower: bool) -> float | None:
    """Return the best epoch's value of a validation metric; None where the run has none."""
    curve = job.curves.get(monitor, np.empty(0)) if monitor.startswith("val/") else np.empty(0)
    curve = curve[np.isfinite(curve)]
    return None if not len(curve) else float(curve.min() if lower else curve.max())


def _choose(candidates: Sequence[Candidate], lower: bool, tried: Sequence[Sequence[str]]) -> list[Candidate]:
    scored = [candidate for candidate in candidates if np.isfinite(candidate.score)]
    if not scored:
        return list(candidates)
    best = (min if lower else max)(scored, key=lambda candidate: candidate.score)
    edge = any(_is_at_edge(value, levels) for value, levels in zip(best.values, tried, strict=True))
    return [replace(best, chosen=True, at_edge=edge) if candidate is best else candidate for candidate in candidates]


def _is_at_edge(value: str, tried: Sequence[str]) -> bool:
    """Check whether a number is the least or the largest of what was tried; of other values there is no edge."""
    try:
        numbers = sorted(float(text) for text in tried)
        return len(numbers) > 1 and float(value) in (numbers[0], numbers[-1])
    except ValueError:
        return False
