"""What a sweep's latest command asked for, kept with the sweep's run: the table and the report go by it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sweeps.runtime.process import process_tags

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from sweeps.tracking.store import Store

GRID = "grid"  # folder of the artifacts of a sweep's run: a JSON file a batch
CELL, CELL_ANY_CODE = CELL_TAGS = ("cell", "cell_any_code")
PRUNED, PRUNED_EPOCH = "pruned", "pruned_epoch"  # tags of a run that a search ended early: FINISHED, but not tested

_MOST = 50_000  # runs of one sweep
SEARCHED = "searched"  # tag of a sweep's run: the metric by which a search chose its jobs


class RequestedJob(NamedTuple):
    """One job that a command asked for.

    Attributes:
        cell: hash by which its run is known; "" where it is known by its overrides only.
        overrides: what the job changes.
    """

    cell: str
    overrides: list[str]


def write_grid(client: MlflowClient, parent_id: str, first: int, jobs: Sequence[RequestedJob]) -> None:
    """Keep the jobs of a batch.

    Args:
        client: of the store.
        parent_id: the sweep's run.
        first: number of the batch's first job; 0 begins a new command, after which older batches no longer count.
        jobs: of the batch.
    """
    content = {"command": process_tags(), "jobs": [asked._asdict() for asked in jobs]}
    client.log_text(parent_id, json.dumps(content), f"{GRID}/{first}.json")


def read_grid(client: MlflowClient, parent_id: str) -> list[RequestedJob]:
    """Read the jobs that the latest command asked for, in their order; none where the sweep kept no list of them."""
    files = sorted((e.path for e in client.list_artifacts(parent_id, GRID)), key=lambda path: int(Path(path).stem))
    batches = [json.loads(Path(client.download_artifacts(parent_id, path)).read_text()) for path in files]
    return [
        RequestedJob(**job) for batch in batches if batch["command"] == batches[0]["command"] for job in batch["jobs"]
    ]


def of_grid(runs: Sequence[Run], grid: Sequence[RequestedJob]) -> list[Run]:
    """Leave out runs of cells that were not asked for, such as those of other code."""
    cells = {asked.cell for asked in grid if asked.cell}
    return [run for run in runs if not cells or not cells.isdisjoint(run.data.tags.get(tag, "") for tag in CELL_TAGS)]


def current_runs(runs: Sequence[Run]) -> list[Run]:
    """Return one run a cell, of runs with the latest first: the finished one, else the latest."""
    chosen: dict[str, Run] = {}
    for run in runs:
        cell = run.data.tags.get(CELL, run.info.run_id)
        if cell not in chosen or (run.info.status == "FINISHED" and chosen[cell].info.status != "FINISHED"):
            chosen[cell] = run
    return list(chosen.values())


def children_of(store: Store, parent_id: str, condition: str = "") -> list[Run]:
    """Find the runs of a sweep's jobs, the latest first.

    Args:
        store: where.
        parent_id: the sweep's run.
        condition: more of MLflow's filter language, beginning with ``and``.
    """
    experiment = store.client.get_run(parent_id).info.experiment_id
    query = f"tags.`mlflow.parentRunId` = '{parent_id}' {condition}"
    found: list[Run] = []
    page = store.client.search_runs([experiment], query, max_results=5000)
    found += page
    while page.token and len(found) < _MOST:
        page = store.client.search_runs([experiment], query, max_results=5000, page_token=page.token)
        found += page
    return sorted(found, key=lambda run: -run.info.start_time)


def is_whole(run: Run) -> bool:
    """Whether a run was not ended early by a search."""
    return bool(run.data.tags.get(PRUNED) != "true")


def is_done(run: Run) -> bool:
    """Whether a run has finished, and was tested."""
    return bool(run.info.status == "FINISHED") and is_whole(run)
