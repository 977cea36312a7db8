"""What is known of a sweep's jobs, as plain values: nothing here asks MLflow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pandas import DataFrame

# Factors that repeat an experiment instead of changing it.
REPEATS = ("seed", "datamodule.seed", "datamodule.split.seed")


@dataclass(frozen=True)
class Job:
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

    def curve(self, name: str) -> tuple[str, NDArray[np.float64]]:
        """Held-out curve of a metric, `accuracy` or `loss`, and of which part: val, else test, else train."""
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

    told: str
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
    jobs: Sequence[Job]
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

    def cells(self, jobs: Iterable[Job] | None = None) -> dict[tuple[str, ...], list[Job]]:
        """The jobs by their levels of the factors: those of one cell differ in seeds only."""
        found: dict[tuple[str, ...], list[Job]] = {}
        for job in self.jobs if jobs is None else jobs:
            found.setdefault(tuple(job.typed.get(key, "-") for key in self.factors), []).append(job)
        return found

    def pairs(self, factor: str, first: str, second: str) -> list[tuple[Job, Job]]:
        """Jobs with two levels of a factor that agree in everything else that differs, seed by seed."""
        others = [key for key in self.levels if key != factor]
        sides: dict[str, dict[tuple[str | None, ...], Job]] = {first: {}, second: {}}
        for job in self.jobs:
            level = job.typed.get(factor, "-")
            if level in sides:
                sides[level].setdefault(tuple(job.typed.get(key) for key in others), job)
        return [(sides[first][key], sides[second][key]) for key in sides[first] if key in sides[second]]


def constant(jobs: Sequence[Job], key: str) -> str | None:
    """The value of a param that all jobs share, else None."""
    values = {job.params.get(key) for job in jobs}
    return values.pop() if len(values) == 1 else None
