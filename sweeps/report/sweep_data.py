"""The jobs of a sweep as plain values, independent of MLflow."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pandas import DataFrame

Key = TypeVar("Key")
# Factors that repeat an experiment instead of changing it.
REPEATS = ("seed", "datamodule.seed", "datamodule.split.seed")


@dataclass(frozen=True)
class FinishedJob:
    """A run that finished.

    Attributes:
        run_id: in MLflow.
        typed: what was typed for it, by key.
        params: resolved config, flattened.
        tags: of the run.
        metrics: latest values.
        curves: `[epochs]` by metric, as `val/accuracy`.
        predictions: of the test windows, as `sweeps.tracking.predictions` writes them; None where the run kept none.
    """

    run_id: str
    typed: Mapping[str, str]
    params: Mapping[str, str]
    tags: Mapping[str, str]
    metrics: Mapping[str, float]
    curves: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    predictions: DataFrame | None = None

    def level(self, key: str) -> str:
        """Return what was typed for a key, `-` where nothing was."""
        return self.typed.get(key, "-")

    def levels(self, keys: Sequence[str]) -> tuple[str, ...]:
        """Return what was typed for each of some keys."""
        return tuple(self.level(key) for key in keys)

    def curve(self, name: str) -> tuple[str, NDArray[np.float64]]:
        """Return of which part the held-out curve of a metric is, val, else test, else train, and the curve.

        Args:
            name: `accuracy` or `loss`.
        """
        for part in ("val", "test", "train"):
            values = self.curves.get(f"{part}/{name}", np.empty(0))
            # a single value of the test part is the final one, not a curve
            if len(values) and (part != "test" or len(values) == len(self.curves.get(f"train/{name}", values))):
                return part, values
        return "", np.empty(0)

    @property
    def abnormal_classes(self) -> list[str]:
        """Names of the classes that should raise an alarm."""
        return list(json.loads(self.params.get("datamodule.abnormal_classes", "[]")))


@dataclass(frozen=True)
class Unfinished:
    """A cell of the grid without a finished run."""

    label: str
    status: str  # pruned, failed, killed, running, missing
    error: str = ""


@dataclass(frozen=True)
class Sweep:
    """A sweep's jobs.

    Attributes:
        name: of the sweep.
        parent_id: run id of its parent.
        jobs: one a cell, finished.
        unfinished: cells without a finished run.
        retried: cells that needed more than one run.
        grid_known: whether the sweep has kept what was to be run; without it, jobs that never began are not known.
        other_parents: earlier sweeps of the same name, which are left out.
        levels: levels of each factor, what was typed differently, in the order of their first job.
        searched: the metric by which a search chose the jobs; "" where they were all asked for beforehand.
    """

    name: str
    parent_id: str
    jobs: Sequence[FinishedJob]
    unfinished: Sequence[Unfinished]
    retried: int
    grid_known: bool
    other_parents: int
    levels: Mapping[str, Sequence[str]]
    searched: str = ""

    @property
    def factors(self) -> list[str]:
        """Keys that differ between jobs and change the experiment."""
        return [key for key in self.levels if key not in REPEATS]

    @property
    def repeats(self) -> list[str]:
        """Keys that differ between jobs and repeat it: seeds."""
        return [key for key in self.levels if key in REPEATS]

    @property
    def total(self) -> int:
        """Number of jobs, finished or not."""
        return len(self.jobs) + len(self.unfinished)

    def cells(self) -> dict[tuple[str, ...], list[FinishedJob]]:
        """Group the jobs by their levels of the factors: those of one cell differ in seeds only."""
        return grouped(self.jobs, lambda job: job.levels(self.factors))

    def pairs(self, factor: str, first: str, second: str) -> list[tuple[FinishedJob, FinishedJob]]:
        """Pair the jobs with two levels of a factor that agree in everything else that differs, seed by seed."""
        others = [key for key in self.levels if key != factor]
        firsts, seconds = (
            {job.levels(others): job for job in self.jobs if job.level(factor) == level} for level in (first, second)
        )
        return [(job, seconds[levels]) for levels, job in firsts.items() if levels in seconds]


def grouped(jobs: Sequence[FinishedJob], key: Callable[[FinishedJob], Key]) -> dict[Key, list[FinishedJob]]:
    """Group jobs by a key, both in their order."""
    groups: dict[Key, list[FinishedJob]] = {}
    for job in jobs:
        groups.setdefault(key(job), []).append(job)
    return groups


def values_of(jobs: Sequence[FinishedJob], metric: str) -> NDArray[np.float64]:
    """Return the values of a metric, `[n]`, of the jobs that have one."""
    return np.array([job.metrics[metric] for job in jobs if metric in job.metrics], dtype=np.float64)


def mean_of(jobs: Sequence[FinishedJob], metric: str) -> float:
    """Return the mean of a metric over the jobs that have one; NaN where none has."""
    values = values_of(jobs, metric)
    return float(values.mean()) if len(values) else float("nan")


def constant(jobs: Sequence[FinishedJob], key: str) -> str | None:
    """Return the value of a param that all jobs share, else None."""
    values = {job.params.get(key) for job in jobs}
    return values.pop() if len(values) == 1 else None
