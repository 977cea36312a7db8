"""Figures over many runs. Plain Figure objects, as in sweeps.tracking.figures."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sweeps.report.sweep_data import Job
from sweeps.statistics.paired import mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sweeps.report.comparisons import Answer

DPI = 150
PARTS = {
    "train": ("#4c72b0", "-"),
    "val": ("#dd8452", "--"),
    "test": ("#55a868", "-."),
}  # told apart without colour too
LEVELS = ("#4c72b0", "#dd8452", "#55a868", "#8172b3", "#937860", "#64b5cd")
_GREY = "0.45"


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches, with a canvas that draws PNGs."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def to_png(figure: Figure) -> bytes:
    """The figure as a PNG."""
    content = io.BytesIO()
    figure.savefig(content, format="png", bbox_inches="tight", facecolor="white")
    return content.getvalue()


def strip(axes: Axes) -> None:
    """Take away what says nothing."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)


def _in_percent(axes: Axes) -> None:
    """Shares as percent, with as many digits as tell one tick from the next."""
    from matplotlib.ticker import PercentFormatter

    axes.yaxis.set_major_formatter(PercentFormatter(1.0))


def curves_figure(groups: Mapping[str, Sequence[Job]], metric: str) -> Figure | None:
    """Draw curves over epochs, a panel a group: the line is the mean over its runs, the band goes from least to most.

    Args:
        groups: runs by the title of their panel.
        metric: `accuracy` or `loss`.

    Returns:
        The figure; None where no run has a curve.
    """
    drawn = {title: bands for title, jobs in groups.items() if (bands := _bands(jobs, metric))}
    if not drawn:
        return None
    columns = min(len(drawn), 3)
    rows = -(-len(drawn) // columns)
    figure = new_figure(min(9.5, 4.75 * columns), 3.3 * rows)
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes, (title, bands) in zip(grid.flat, drawn.items(), strict=False):
        for part, (low, mean, high) in bands.items():
            _draw_band(axes, part, low, mean, high)
        axes.set_title(title, fontsize=10, loc="left")
        axes.set_xlabel("epoch")
        strip(axes)
    for axes in list(grid.flat)[len(drawn) :]:
        axes.set_visible(False)
    grid[0][0].legend(frameon=False, fontsize=9)
    for row in grid:
        row[0].set_ylabel(metric)
    if metric == "accuracy":
        _in_percent(grid[0][0])
    else:
        grid[0][0].set_ylim(bottom=0)
    return figure


def _bands(jobs: Sequence[Job], metric: str) -> dict[str, tuple[NDArray[np.float64], ...]]:
    """Least, mean and most over runs, `[epochs]` each, by part; as far as the shortest run goes."""
    found: dict[str, tuple[NDArray[np.float64], ...]] = {}
    for part in PARTS:
        curves = [job.curves[f"{part}/{metric}"] for job in jobs if f"{part}/{metric}" in job.curves]
        length = min((len(curve) for curve in curves), default=0)
        if length < 2:  # a final value is no curve
            continue
        stacked = np.stack([curve[:length] for curve in curves])
        found[part] = (stacked.min(axis=0), stacked.mean(axis=0), stacked.max(axis=0))
    return found


def _draw_band(
    axes: Axes, part: str, low: NDArray[np.float64], mean: NDArray[np.float64], high: NDArray[np.float64]
) -> None:
    colour, line = PARTS[part]
    epochs = np.arange(1, len(mean) + 1)
    axes.fill_between(epochs, low, high, color=colour, alpha=0.2, linewidth=0)
    axes.plot(epochs, mean, line, color=colour, linewidth=1.6, label=part)


def recalls_figure(
    groups: Mapping[str, Sequence[Job]], keys: Mapping[str, str], abnormal: Sequence[str], confidence: float
) -> Figure:
    """Draw the recall of each class as bars, a bar a group: mean over its runs, with the interval of the mean.

    Args:
        groups: runs by name.
        keys: metric by class name, in the order of the axis.
        abnormal: names of classes, which are set apart by hatching.
        confidence: of the intervals, in (0, 1).
    """
    from matplotlib.patches import Patch

    width = 0.8 / len(groups)
    figure = new_figure(min(9.5, 2.5 + 1.15 * len(keys)), 3.6)
    axes = figure.add_subplot()
    for index, jobs in enumerate(groups.values()):
        values = [np.array([job.metrics[key] for job in jobs if key in job.metrics]) for key in keys.values()]
        means = [value.mean() if len(value) else 0.0 for value in values]
        places = np.arange(len(keys)) + (index - (len(groups) - 1) / 2) * width
        bars = axes.bar(places, means, width * 0.92, color=LEVELS[index % len(LEVELS)])
        for bar, name in zip(bars, keys, strict=True):
            bar.set(hatch="///" if name in abnormal else None, edgecolor="white", linewidth=0)
        halves = _half_intervals(values, confidence)
        axes.errorbar(places, means, yerr=halves, fmt="none", ecolor="0.2", elinewidth=1, capsize=2)
    axes.set_xticks(range(len(keys)), [name.replace(" ", "\n") for name in keys], fontsize=9)
    axes.set_ylabel("recall")
    axes.set_ylim(0, 1.02)
    _in_percent(axes)
    strip(axes)
    if len(groups) > 1:
        handles = [Patch(color=LEVELS[index % len(LEVELS)], label=title) for index, title in enumerate(groups)]
        axes.legend(handles=handles, frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _half_intervals(values: Iterable[NDArray[np.float64]], confidence: float) -> list[float]:
    """Half the interval of each mean; NaN, which is drawn as nothing, where there is none."""
    intervals = [mean_interval(value, confidence) for value in values]
    return [(interval.high - interval.low) / 2 for interval in intervals]


def differences_figure(answers: Sequence[Answer], names: Sequence[str]) -> Figure:
    """Draw paired differences in points: a dot a pair, the mean with its interval, and the size that was claimed.

    Args:
        answers: all with the unit points.
        names: of the rows.
    """
    figure = new_figure(9.0, 0.9 + 0.62 * len(answers))
    axes = figure.add_subplot()
    axes.axvline(0, color="0.2", linewidth=0.8)
    for row, given in enumerate(answers):
        result, claimed = given.result, given.question.claimed
        axes.plot(result.differences, np.full(result.n, row - 0.2), "o", color=_GREY, alpha=0.6, markersize=3.5, mew=0)
        if result.n > 1:
            axes.plot([result.interval.low, result.interval.high], [row, row], color=LEVELS[0], linewidth=2.2)
        axes.plot(result.mean, row, "o", color=LEVELS[0], markersize=6)
        if claimed is not None:
            axes.plot([claimed.low, claimed.high], [row + 0.2] * 2, "-D", color=LEVELS[1], markersize=4, linewidth=1.5)
    axes.set_yticks(range(len(answers)), names, fontsize=9)
    axes.set_ylim(len(answers) - 0.5, -0.5)
    axes.set_xlabel("difference, points")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    return figure


def effects_figure(values: Mapping[str, Mapping[str, NDArray[np.float64]]], label: str, confidence: float) -> Figure:
    """Draw main effects, a panel a factor: the mean over all runs with a level, and its interval.

    Args:
        values: `[n]` values in 0..1 by factor and level.
        label: of the axis.
        confidence: of the intervals, in (0, 1).
    """
    figure = new_figure(min(9.5, 1.2 + 2.6 * len(values)), 3.2)
    for axes, (factor, levels) in zip(
        np.atleast_1d(figure.subplots(1, len(values), sharey=True)), values.items(), strict=True
    ):
        means = [level.mean() for level in levels.values()]
        halves = _half_intervals(levels.values(), confidence)
        axes.errorbar(range(len(means)), means, yerr=halves, fmt="-o", color=LEVELS[0], capsize=3, ms=5)
        axes.set_xticks(range(len(means)), list(levels), fontsize=9)
        axes.set_xlim(-0.5, len(means) - 0.5)
        axes.set_title(factor, fontsize=10)
        _in_percent(axes)
        strip(axes)
    figure.axes[0].set_ylabel(label)
    return figure


def interaction_figure(
    means: NDArray[np.float64], rows: Sequence[str], columns: Sequence[str], names: tuple[str, str], label: str
) -> Figure:
    """Draw how the effect of one factor depends on another: a line a level, parallel where it does not.

    Args:
        means: `[rows, columns]` means in 0..1, NaN where there are no runs.
        rows: levels that are lines.
        columns: levels along the axis.
        names: of the two factors, of rows and of columns.
        label: of the axis.
    """
    figure = new_figure(5.6, 3.2)
    axes = figure.add_subplot()
    for index, level in enumerate(rows):
        style = ("-o", "--s", "-.^", ":D")[index % 4]
        axes.plot(range(len(columns)), means[index], style, color=LEVELS[index % len(LEVELS)], ms=5, label=level)
    axes.set_xticks(range(len(columns)), columns, fontsize=9)
    axes.set_xlim(-0.3, len(columns) - 0.7)
    axes.set(xlabel=names[1], ylabel=label)
    _in_percent(axes)
    strip(axes)
    axes.legend(frameon=False, fontsize=9, title=names[0], loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure
