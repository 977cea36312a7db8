"""The results on the terminal: the jobs of a sweep as a table, and the numbers of one run."""

from __future__ import annotations

import json
import os
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from sweeps.results.overrides import differing, overrides_by_key, short_names
from sweeps.results.ranking import BEST, Ranking, deciding_metric, ranked
from sweeps.results.runs import SweepRuns
from sweeps.tracking.sweep_runs import PRUNED
from sweeps.tracking.uri import hide_password

if TYPE_CHECKING:
    from mlflow.entities import Run
    from rich.console import Console

    from sweeps.tracking.store import Store

_METRICS = {
    "best/val/loss": "val loss",
    "best/val/accuracy": "val acc",
    "best/val/macro_f1": "val F1",
    "test/accuracy": "test acc",
    "test/macro_f1": "test F1",
    "test/abnormal_recall": "abn. recall",
    "test/false_alarm_rate": "false alarm",
}
_STYLES = {"FINISHED": "green", "FAILED": "bold red", "KILLED": "yellow", "RUNNING": "cyan", "PRUNED": "dim"}
_SHORT_ID = 8
_WIDEST_CELL = 32  # beyond which a value is folded; a run id has as many
_COMPARABLE = 30  # runs that one link can name
_MOST_ROWS = 100
_UI = "http://127.0.0.1:5000"


class _Column(NamedTuple):
    header: str
    cells: list[str]
    justify: Literal["left", "right"] = "right"

    @property
    def width(self) -> int:
        words = [*self.header.split(), *self.cells]
        return min(max(len(word) for word in words), _WIDEST_CELL)


def print_sweep_table(store: Store, sweep: SweepRuns, ranking: Ranking | None = None) -> None:
    """Print all jobs of a sweep, the best first by validation, and how to see more of them.

    A terminal that is too narrow for all of it gets no minutes, then no epochs, then fewer metrics.

    Args:
        store: where the jobs are.
        sweep: their runs.
        ranking: which jobs are the best; by default by `sweeps.results.ranking`.
    """
    from rich.markup import escape
    from rich.table import Table

    runs = ranked(sweep.current, ranking)[:_MOST_ROWS]
    if not runs:
        return
    console = _console()
    columns, gap = _fit(_columns(store, runs, ranking), runs, console.width)
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    for column in columns:
        header = column.header.replace(" ", "\n")
        table.add_column(header, justify=column.justify, max_width=_WIDEST_CELL, overflow="fold")
    for cells in zip(*(column.cells for column in columns), strict=True):
        style = _STYLES.get(cells[0].upper(), "default")
        table.add_row(f"[{style}]{cells[0]}[/]", *(escape(cell) for cell in cells[1:]))
    console.print()
    console.print(table)
    if hidden := len(sweep.current) - len(runs):
        console.print(f"({hidden} more jobs, none of them better, in MLflow)")
    if sweep.others:
        console.print(f"({sweep.others} more under the same name: tried again since, or of other cells or code)")
    _print_links(console, store, runs, None if ranking else deciding_metric(sweep.current))


def _columns(store: Store, runs: Sequence[Run], ranking: Ranking | None) -> list[_Column]:
    """Return the columns but the last, the id: those that a narrow terminal can do without come last."""
    typed = [overrides_by_key(run) for run in runs]
    keys = differing(typed)
    metrics = [key for key in _METRICS if any(key in run.data.metrics for run in runs)]
    searched = []
    if ranking is not None:  # its values are those of pruned jobs too
        searched = [_Column(ranking.metric, [_number(ranking.values.get(run.info.run_id)) for run in runs])]
        metrics = [key for key in metrics if key != f"{BEST}{ranking.metric}"]
    return [
        _Column("status", [_status(run) for run in runs], justify="left"),
        *(
            _Column(name, [job.get(key, "-") for job in typed], justify="left")
            for key, name in zip(keys, short_names(keys), strict=True)
        ),
        *searched,
        *(_Column(_METRICS[key], [_number(run.data.metrics.get(key)) for run in runs]) for key in metrics),
        _Column("epochs", [_epochs(store, run) for run in runs]),
        _Column("min", [_minutes(run) for run in runs]),
    ]


def _fit(columns: list[_Column], runs: Sequence[Run], width: int) -> tuple[list[_Column], int]:
    """Choose columns and the gap between them for a terminal `width` characters wide."""
    ids = [run.info.run_id for run in runs]
    last = _Column("run", [run_id[:_SHORT_ID] for run_id in ids], justify="left")
    for gap, dropped in ((2, 0), (1, 0), (1, 1), (1, 2), (1, 3), (1, 4)):
        chosen = [*columns[: len(columns) - dropped], last]
        free = width - sum(column.width + gap for column in chosen)
        if free >= len(ids[0]) - _SHORT_ID:
            return [*chosen[:-1], last._replace(cells=ids)], gap
        if free >= 0:
            break
    return chosen, gap


def print_run_summary(values: Mapping[str, float], run_id: str, uri: str) -> None:
    """Print the results of one run: its test numbers, each class's recall, and where to see more.

    Args:
        values: metrics by name, such as ``test/accuracy`` and ``test/recall/<class slug>``.
        run_id: of the run.
        uri: of the store.
    """
    from rich.table import Table

    console = _console()
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    recalls = sorted(key for key in values if key.startswith("test/recall/"))
    firsts = [key for key in values if key.startswith("test/") and key not in recalls]
    for key in [*firsts, *recalls]:
        table.add_row(key.removeprefix("test/"), _number(values[key]))
    if table.row_count:
        console.print("\n[bold]Test[/]")
        console.print(table)
    console.print(f"\nRun {run_id}\n{ui_command(uri)}", soft_wrap=True, highlight=False)


def _status(run: Run) -> str:
    return "pruned" if run.data.tags.get(PRUNED) == "true" else str(run.info.status).lower()


def ui_command(uri: str) -> str:
    """Return what to type, or to open, to see the store in a browser; a file by the shorter of its paths."""
    scheme = "sqlite:///"
    if _is_server(uri):
        return uri
    if uri.startswith(scheme):
        path = Path(uri.removeprefix(scheme))
        uri = scheme + min(str(path), os.path.relpath(path), key=len)
    return f"mlflow ui --backend-store-uri {hide_password(uri)}"


def _is_server(uri: str) -> bool:
    return uri.startswith(("http:", "https:"))


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False)


def _epochs(store: Store, run: Run) -> str:
    return str(len({metric.step for metric in store.client.get_metric_history(run.info.run_id, "train/loss")}))


def _minutes(run: Run) -> str:
    ended = run.info.end_time
    return f"{(ended - run.info.start_time) / 60_000:.1f}" if ended else "-"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}" if abs(value) < 10 else f"{value:.4g}"


def _print_links(console: Console, store: Store, runs: Sequence[Run], metric: str | None) -> None:
    best = runs[0]
    if metric in best.data.metrics:  # a search says itself which is its best
        console.print(f"\nBest by {metric}: {best.info.run_name}, run {best.info.run_id}", soft_wrap=True)
    console.print(f"\n{ui_command(store.uri)}", soft_wrap=True)
    ids = [run.info.run_id for run in runs[:_COMPARABLE]]
    query = urllib.parse.urlencode(
        {"runs": json.dumps(ids, separators=(",", ":")), "experiments": json.dumps([best.info.experiment_id])},
        quote_via=urllib.parse.quote,
    )
    url = f"{store.uri if _is_server(store.uri) else _UI}/#/compare-runs?{query}"
    shown = f"[link={url}]{url.partition('?')[0]}[/link]" if console.is_terminal else url
    console.print(f"then compare the jobs at {shown}", soft_wrap=True)
