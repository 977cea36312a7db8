"""Read a sweep from MLflow."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sweeps.config.messages import listed, nearest, typed
from sweeps.errors import ConfigError
from sweeps.report.sweep_data import FinishedJob, Sweep, Unfinished
from sweeps.results.overrides import differing, overrides_by_key
from sweeps.tracking.params import telling_overrides
from sweeps.tracking.predictions import PREDICTIONS_FILE
from sweeps.tracking.recovery import mark_dead_runs
from sweeps.tracking.sweep_runs import PRUNED_EPOCH, SEARCHED, children_of, is_done, is_whole, of_grid, read_grid

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from numpy.typing import NDArray
    from pandas import DataFrame

    from sweeps.tracking.store import Store

_CURVES = [f"{part}/{name}" for part in ("train", "val", "test") for name in ("accuracy", "loss")]
_PAGE = 1000  # runs that one search gives
Cell = frozenset[str]


def find_sweep(store: Store, name: str) -> list[Run]:
    """Return the parent runs of a sweep of this name, or with this run id, the latest first.

    Raises:
        ConfigError: there is none; says which name is near.
    """
    parents = _all_parents(store.client)
    matching = [run for run in parents if name in (run.data.tags["sweep"], run.info.run_id)]
    if not matching:
        names = list(dict.fromkeys(str(run.data.tags["sweep"]) for run in parents))
        if not names:
            raise ConfigError(f"sweep={name}: no sweep in this store; python train.py -m +sweep=optimizers makes one")
        near = nearest(name, names)
        advice = f"type {typed('sweep', near)}" if near else f"there are {listed(names[:10], 'and')}"
        raise ConfigError(f"sweep={name}: no such sweep; {advice}")
    return sorted(matching, key=lambda run: run.info.start_time, reverse=True)


def _all_parents(client: MlflowClient) -> list[Run]:
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs: list[Run] = []
    token = None
    while True:
        page = client.search_runs(experiments, "tags.sweep != ''", max_results=_PAGE, page_token=token)
        runs += page
        token = page.token
        if not token:
            return [run for run in runs if "mlflow.parentRunId" not in run.data.tags]


def read_sweep(store: Store, parents: Sequence[Run]) -> Sweep:
    """Read the jobs of the latest of these parents.

    Raises:
        ConfigError: none of them finished.
    """
    client, parent = store.client, parents[0]
    name, parent_id = str(parent.data.tags["sweep"]), parent.info.run_id
    mark_dead_runs(store)
    grid = read_grid(client, parent_id)
    cells: dict[Cell, list[Run]] = {_cell(asked.overrides): [] for asked in grid}
    for run in sorted(of_grid(children_of(store, parent_id), grid), key=lambda run: run.info.start_time):
        cells.setdefault(_cell(json.loads(run.data.tags.get("overrides", "[]"))), []).append(run)
    finished = {cell: _latest_finished(runs) for cell, runs in cells.items()}
    jobs = [_read_job(client, run) for run in finished.values() if run is not None]
    if not jobs:
        state = f"none of its {len(cells)} jobs has finished" if cells else "it has no jobs"
        raise ConfigError(f"sweep={name}: {state}, there is nothing to report; type the sweep's command again")
    shared = frozenset.intersection(*cells)
    keys = differing([job.typed for job in jobs])
    return Sweep(
        name=name,
        parent_id=parent_id,
        jobs=jobs,
        unfinished=[_unfinished(cell - shared, runs) for cell, runs in cells.items() if finished[cell] is None],
        retried=sum(len(runs) > 1 for runs in cells.values()),
        grid_known=bool(grid),
        other_parents=len({run.info.run_id for run in parents}) - 1,
        levels={key: list(dict.fromkeys(job.level(key) for job in jobs)) for key in keys},
        searched=str(parent.data.tags.get(SEARCHED, "")),
    )


def _cell(overrides: Sequence[str]) -> Cell:
    return frozenset(telling_overrides(overrides))


def _latest_finished(runs: Sequence[Run]) -> Run | None:
    return next((run for run in reversed(runs) if is_done(run)), None)


def _unfinished(cell: Cell, runs: Sequence[Run]) -> Unfinished:
    label = " ".join(sorted(word.lstrip("+") for word in cell)) or "as it is"
    if not runs:
        return Unfinished(label, "missing", "it never began")
    last = runs[-1]
    if not is_whole(last):
        return Unfinished(label, "pruned", f"the search ended it after epoch {last.data.tags.get(PRUNED_EPOCH)}")
    return Unfinished(label, last.info.status.lower(), str(last.data.tags.get("error", "")))


def _read_job(client: MlflowClient, run: Run) -> FinishedJob:
    run_id, metrics = run.info.run_id, run.data.metrics
    curves = {*_CURVES, run.data.params.get("selection.monitor", "")} & metrics.keys()
    kept = {entry.path for entry in client.list_artifacts(run_id)}
    return FinishedJob(
        run_id=run_id,
        typed=overrides_by_key(run),
        params=dict(run.data.params),
        tags=dict(run.data.tags),
        metrics=dict(metrics),
        curves={key: _read_curve(client, run_id, key) for key in curves},
        predictions=_read_predictions(client, run_id) if PREDICTIONS_FILE in kept else None,
    )


def _read_curve(client: MlflowClient, run_id: str, key: str) -> NDArray[np.float64]:
    history = sorted(client.get_metric_history(run_id, key), key=lambda point: point.step)
    return np.array([point.value for point in history])


def _read_predictions(client: MlflowClient, run_id: str) -> DataFrame:
    import pandas as pd

    with tempfile.TemporaryDirectory() as folder:
        path = client.download_artifacts(run_id, PREDICTIONS_FILE, folder)
        return pd.read_parquet(path, columns=["recording", "true", "predicted"])
