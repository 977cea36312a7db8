"""Time and accuracy over the size of the training data: the paper says that some models become far slower."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sweeps.report.document import Block, Heading, Picture, Table, Text
from sweeps.report.figures import Points, scaling_figure, to_png
from sweeps.report.formatting import NONE, percent, plain, span, whole_percent
from sweeps.report.sweep_data import FinishedJob, Sweep, grouped, values_of
from sweeps.statistics.scaling import growth

SIZE = "datamodule.train_fraction"
_FIT, _PREDICT = "fit_seconds", "predict_windows_per_s"


def scaling_section(sweep: Sweep, metric: str, confidence: float) -> list[Block]:
    """Return a figure and a table, where a sweep varies how much of the training data is used."""
    if SIZE not in sweep.factors:
        return []
    others = [key for key in sweep.factors if key != SIZE]
    models = grouped(sweep.jobs, lambda job: " ".join(job.levels(others)) or "all runs")
    titles = {f"accuracy: {metric}": metric, "seconds to fit": _FIT, "windows a second, prediction": _PREDICT}
    panels = {
        title: {model: points for model, jobs in models.items() if (points := _points(jobs, key))}
        for title, key in titles.items()
    }
    if not all(panels.values()):
        return []
    caption = (
        "Exponent: of the size in a power law of the seconds to fit, least squares on logarithms, with its "
        f"{whole_percent(confidence)} interval; 1 means that twice the data takes twice as long. Smallest and "
        "largest: means over runs."
    )
    columns = (
        "model", "windows", "fit, s: smallest", "largest", "over the first", "exponent", "interval",
        "predicts, windows/s", f"{metric}: smallest", "largest",
    )  # fmt: skip
    first = _ends(next(iter(models.values())), _FIT)[1]
    rows = [_row(model, jobs, metric, first, confidence) for model, jobs in models.items()]
    text = (
        "What the machine needs for a given part of the training windows, the test part always the same. Fitting is "
        "counted without reading data, validation and writing; of a network it is all of its epochs."
    )
    return [
        Heading("Growing data"),
        Text(text),
        Picture("scaling", to_png(scaling_figure(panels)), "Line: mean over runs; dots: each run."),
        Table(columns, rows, caption=caption),
    ]


def _size(job: FinishedJob) -> float:
    return float(job.tags.get("data.windows_train", "nan"))


def _points(jobs: Sequence[FinishedJob], key: str) -> Points:
    sized = [job for job in jobs if key in job.metrics and _size(job) > 0]
    return {size: values_of(group, key) for size, group in grouped(sized, _size).items()}


def _ends(jobs: Sequence[FinishedJob], key: str) -> tuple[float, float]:
    """Return the mean over runs at the smallest and at the largest size; NaN where there is none."""
    points = _points(jobs, key)
    if not points:
        return float("nan"), float("nan")
    return float(np.mean(points[min(points)])), float(np.mean(points[max(points)]))


def _row(model: str, jobs: Sequence[FinishedJob], metric: str, first: float, confidence: float) -> tuple[str, ...]:
    timed = [job for job in jobs if job.metrics.get(_FIT, 0) > 0 and _size(job) > 0]
    grown = growth([_size(job) for job in timed], [job.metrics[_FIT] for job in timed], confidence) if timed else None
    sizes = sorted(_points(jobs, _FIT))
    least, most = _ends(jobs, _FIT)
    return (
        model,
        f"{sizes[0]:,.0f} to {sizes[-1]:,.0f}" if sizes else NONE,
        plain(least, 3),
        plain(most, 3),
        plain(most / first, 3) if first else NONE,
        plain(grown.exponent) if grown else NONE,
        span(grown.interval, plain) if grown else NONE,
        f"{_ends(jobs, _PREDICT)[1]:,.0f}",
        *(percent(accuracy) for accuracy in _ends(jobs, metric)),
    )
