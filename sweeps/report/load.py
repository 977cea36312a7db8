"""Reads a sweep from MLflow."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeps.config.messages import listed, nearest, typed
from sweeps.errors import ConfigError
from sweeps.report.sweep_data import Job, Sweep, Unfinished
from sweeps.results.table import differing, overrides_by_key
from sweeps.tracking.params import telling_overrides
from sweeps.tracking.predictions import PREDICTIONS_FILE
from sweeps.tracking.recovery import mark_dead_runs
from sweeps.tracking.sweep_runs import PRUNED_EPOCH, SEARCHED, is_done, is_whole, of_grid, read_grid

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from numpy.typing import NDArray
    from pandas import DataFrame

    from sweeps.tracking.store import Store

_CURVES = [f"{part}/{name}" for part in ("train", "val", "test") for name in ("accuracy", "loss")]
_PARENT = "mlflow.parentRunId"
_PAGE = 1000  # runs that one search gives
Cell = frozenset[str]


def find_sweep(store: Store, name: str) -> list[Run]:
    """Parent runs of a sweep of this name, or with this run id, the latest first.

    Raises:
        ConfigError: there is none; says which name is near.
    """
    client = store.client
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    parents = [run for run in _search(client, experiments, "tags.sweep != ''") if _PARENT not in run.data.tags]
    found = [run for run in parents if name in (run.data.tags["sweep"], run.info.run_id)]
    if not found:
        names = list(dict.fromkeys(str(run.data.tags["sweep"]) for run in parents))
        if not names:
            raise ConfigError(f"sweep={name}: no sweep in this store; python train.py -m +sweep=optimizers makes one")
        near = nearest(name, names)
        advice = f"type {typed('sweep', near)}" if near else f"there are {listed(names[:10], 'and')}"
        raise ConfigError(f"sweep={name}: no such sweep; {advice}")
    return sorted(found, key=lambda run: run.info.start_time, reverse=True)


def read_sweep(store: Store, parents: Sequence[Run]) -> Sweep:
    """Read the jobs of the latest of these parents.

    Raises:
        ConfigError: none of them finished.
    """
    client, parent = store.client, parents[0]
    name = str(parent.data.tags["sweep"])
    mark_dead_runs(store)
    query = f"tags.`{_PARENT}` = '{parent.info.run_id}'"
    runs = _search(client, [parent.info.experiment_id], query)
    grid = read_grid(client, parent.info.run_id)
    cells: dict[Cell, list[Run]] = {_cell(asked.overrides): [] for asked in grid}
    for run in sorted(of_grid(runs, grid), key=lambda run: run.info.start_time):
        cells.setdefault(_cell(json.loads(run.data.tags.get("overrides", "[]"))), []).append(run)
    finished = {cell: _latest_finished(tried) for cell, tried in cells.items()}
    jobs = [_read_job(client, run) for run in finished.values() if run is not None]
    if not jobs:
        state = f"none of its {len(cells)} jobs has finished" if cells else "it has no jobs"
        raise ConfigError(f"sweep={name}: {state}, there is nothing to report; type the sweep's command again")
    shared = frozenset.intersection(*cells)
    keys = differing([job.typed for job in jobs])
    return Sweep(
        name=name,
        parent_id=parent.info.run_id,
        jobs=jobs,
        unfinished=[_unfinished(cell - shared, tried) for cell, tried in cells.items() if finished[cell] is None],
        retried=sum(len(tried) > 1 for tried in cells.values()),
        grid_known=bool(grid),
        other_parents=len({run.info.run_id for run in parents}) - 1,
        levels={key: list(dict.fromkeys(job.typed.get(key, "-") for job in jobs)) for key in keys},
        searched=str(parent.data.tags.get(SEARCHED, "")),
    )


def _search(client: MlflowClient, experiments: Sequence[str], query: str) -> list[Run]:
    found: list[Run] = []
    token = None
    while True:
        page = client.search_runs(list(experiments), query, max_results=_PAGE, page_token=token)
        found.extend(page)
        token = page.token
        if not token:
            return found


def _cell(overrides: Sequence[str]) -> Cell:
    return frozenset(telling_overrides(overrides))


def _latest_finished(tried: Sequence[Run]) -> Run | None:
    return next((run for run in reversed(tried) if is_done(run)), None)


def _unfinished(cell: Cell, tried: Sequence[Run]) -> Unfinished:
    told = " ".join(sorted(word.lstrip("+") for word in cell)) or "as it is"
    if not tried:
        return Unfinished(told, "missing", "it never began")
    last = tried[-1]
    if not is_whole(last):
        return Unfinished(told, "pruned", f"the search ended it after epoch {last.data.tags.get(PRUNED_EPOCH)}")
    return Unfinished(told, last.info.status.lower(), str(last.data.tags.get("error", "")))


def _read_job(client: MlflowClient, run: Run) -> Job:
    run_id = run.info.run_id
    kept = {entry.path for entry in client.list_artifacts(run_id)}
    return Job(
        run_id=run_id,
        typed=overrides_by_key(run),
        params=dict(run.data.params),
        tags=dict(run.data.tags),
        metrics=dict(run.data.metrics),
        curves=_read_curves(client, run_id, run.data.metrics, {*_CURVES, run.data.params.get("selection.monitor", "")}),
        predictions=_read_predictions(client, run_id) if PREDICTIONS_FILE in kept else None,
    )


def _read_curves(
    client: MlflowClient, run_id: str, metrics: Mapping[str, Any], keys: Iterable[str]
) -> dict[str, NDArray[np.float64]]:
    histories = {key: client.get_metric_history(run_id, key) for key in keys if key in metrics}
    return {
        key: np.array([metric.value for metric in sorted(history, key=lambda metric: metric.step)])
        for key, history in histories.items()
    }


def _read_predictions(client: MlflowClient, run_id: str) -> DataFrame:
    import pandas as pd

    with tempfile.TemporaryDirectory() as folder:
        path = client.download_artifacts(run_id, PREDICTIONS_FILE, folder)
        return pd.read_parquet(path, columns=["recording", "true", "predicted"])
