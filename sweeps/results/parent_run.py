"""The summary of a sweep, kept with its own run in MLflow: the best job's values, and a table of the jobs."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sweeps.results.overrides import differing, overrides_by_key, short_names
from sweeps.results.ranking import BEST, FALLBACK, Ranking, rank, ranked
from sweeps.tracking.lifecycle import set_tags
from sweeps.tracking.sweep_runs import is_done

if TYPE_CHECKING:
    from mlflow.entities import Run

    from sweeps.tracking.store import Store

NOTE = "mlflow.note.content"  # what MLflow's UI shows, as Markdown, at the head of a run's page
CONCLUSION = "\n\n### What it shows\n\n"
_MOST_LISTED = 10


def summarize(store: Store, parent_id: str, runs: Sequence[Run], ranking: Ranking | None = None) -> None:
    """Log the values of a sweep's best job with the sweep's run, and a note about all its jobs.

    The best is chosen by validation where every finished job has a value of the same metric, so that the choice itself
    does not flatter the test values beside it; else by test accuracy, and the tag ``best.chosen_by`` says so. The best
    of a search is the one that the search found.

    Args:
        store: of the runs.
        parent_id: run id of the sweep.
        runs: of its jobs, one a job.
        ranking: that of the search, if it was one.
    """
    metric, values = ranking or rank(runs)
    order = [run for run in ranked(runs, ranking) if is_done(run) and run.info.run_id in values]
    if not order:
        return
    best = order[0]
    if f"{BEST}{metric}" in best.data.metrics:
        metric = f"{BEST}{metric}"
    tags = {"best.run_id": best.info.run_id, "best.name": best.info.run_name or "", "best.chosen_by": metric}
    note = _note(order, Ranking(metric, values), len(runs)) + _conclusion(store, parent_id)
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
    copied = {key: value for key, value in best.data.metrics.items() if key.startswith((BEST, "test/"))}
    store.client.log_batch(parent_id, [Metric(key, value, now, 0) for key, value in copied.items()])


def _note(order: Sequence[Run], ranking: Ranking, total: int) -> str:
    """Return a Markdown table of the best jobs."""
    jobs = [overrides_by_key(run) for run in order]
    keys = differing(jobs)
    tested = {run.info.run_id: run.data.metrics.get(FALLBACK) for run in order}
    columns: dict[str, Mapping[str, float | None]] = {ranking.metric: ranking.values, FALLBACK: tested}
    lines = [_row([*(short_names(keys) or ["job"]), *columns]), _row(["---"] * (max(1, len(keys)) + len(columns)))]
    for run, job in list(zip(order, jobs, strict=True))[:_MOST_LISTED]:
        levels = [job.get(key, "-") for key in keys] or [run.info.run_name or run.info.run_id]
        lines.append(_row([*levels, *(_number(values[run.info.run_id]) for values in columns.values())]))
    head = f"{len(order)} of {total} jobs finished. Best by `{ranking.metric}`: `{order[0].info.run_id}`."
    more = f"\n\n{len(order) - _MOST_LISTED} more." if len(order) > _MOST_LISTED else ""
    return f"{head}\n\n" + "\n".join(lines) + more


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
