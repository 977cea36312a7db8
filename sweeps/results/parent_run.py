"""What the run of a sweep itself shows in MLflow: its best job's values, and its jobs in a few lines."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sweeps.results.ranking import BEST, FALLBACK, deciding_metric, ranked
from sweeps.results.table import differing, overrides_by_key, short_names
from sweeps.tracking.lifecycle import set_tags
from sweeps.tracking.sweep_runs import children_of, current_runs, is_done, of_grid, read_grid

if TYPE_CHECKING:
    from mlflow.entities import Run

    from sweeps.tracking.store import Store

NOTE = "mlflow.note.content"  # what MLflow's UI shows, as Markdown, at the head of a run's page
CONCLUSION = "\n\n### What it shows\n\n"
_MOST_LISTED = 10


def summarize(store: Store, parent_id: str) -> None:
    """Give a sweep's run the values of its best job, and a note about all of them.

    The best is chosen by validation where every finished job has a value of the same metric, so that the choice itself
    does not flatter the test values beside it; else by test accuracy, and the tag ``best.chosen_by`` says so.
    """
    runs = current_runs(of_grid(children_of(store, parent_id), read_grid(store.client, parent_id)))
    metric = deciding_metric(runs)
    finished = [run for run in runs if is_done(run) and metric in run.data.metrics]
    if not finished:
        return
    order = ranked(finished, metric)
    best = order[0]
    tags = {"best.run_id": best.info.run_id, "best.name": best.info.run_name or "", "best.chosen_by": metric}
    note = _note(order, metric, len(runs)) + _conclusion(store, parent_id)
    set_tags(store, parent_id, {**tags, NOTE: note})
    _copy_metrics(store, parent_id, best)


def conclude(store: Store, parent_id: str, lines: Sequence[str]) -> None:
    """Put a report's verdicts under the note of a sweep's run, in place of earlier ones."""
    note = store.client.get_run(parent_id).data.tags.get(NOTE, "").partition(CONCLUSION)[0]
    bullets = "\n".join(f"- {line}" for line in lines)
    set_tags(
        store, parent_id, {NOTE: f"{note}{CONCLUSION}{bullets}\n\nThe whole report: artifact `report/report.html`."}
    )


def _conclusion(store: Store, parent_id: str) -> str:
    _, heading, text = store.client.get_run(parent_id).data.tags.get(NOTE, "").partition(CONCLUSION)
    return heading + text


def _copy_metrics(store: Store, parent_id: str, best: Run) -> None:
    """Log the best job's values; in MLflow the latest of a step counts, so that a later command may change them."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    told = {key: value for key, value in best.data.metrics.items() if key.startswith((BEST, "test/"))}
    store.client.log_batch(parent_id, [Metric(key, value, now, 0) for key, value in told.items()])


def _note(order: Sequence[Run], metric: str, total: int) -> str:
    """A Markdown table of the best jobs."""
    jobs = [overrides_by_key(run) for run in order]
    keys = differing(jobs)
    names = [name.replace("_", " ") for name in short_names(keys)]
    columns = list(dict.fromkeys([metric, FALLBACK]))
    lines = [_row([*(names or ["job"]), *columns]), _row(["---"] * (max(1, len(keys)) + len(columns)))]
    for run, job in list(zip(order, jobs, strict=True))[:_MOST_LISTED]:
        told = [job.get(key, "-") for key in keys] or [run.info.run_name or run.info.run_id]
        lines.append(_row([*told, *(_number(run.data.metrics.get(column)) for column in columns)]))
    head = f"{len(order)} of {total} jobs finished. Best by `{metric}`: `{order[0].info.run_id}`."
    more = f"\n\n{len(order) - _MOST_LISTED} more." if len(order) > _MOST_LISTED else ""
    return f"{head}\n\n" + "\n".join(lines) + more


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
