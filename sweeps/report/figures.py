"""Figures over many runs. Plain Figure objects, as in sweeps.tracking.figures."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sweeps.report.sweep_data import FinishedJob, values_of
from sweeps.statistics.paired import mean_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sweeps.report.comparisons import Comparison

DPI = 150
# Distinct without colour too.
PARTS = {"train": ("#4c72b0", "-"), "val": ("#dd8452", "--"), "test": ("#55a868", "-.")}
_MARKERS = ("o", "s", "^", "D", "v", "P")
LEVELS = ("#4c72b0", "#dd8452", "#55a868", "#8172b3", "#937860", "#64b5cd")
_GREY = "0.45"
Points = Mapping[float, NDArray[np.float64]]  # values of all runs by their number of training windows


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure, its size in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def to_png(figure: Figure) -> bytes:
    """Return the figure as a PNG."""
    content = io.BytesIO()
    figure.savefig(content, format="png", bbox_inches="tight", facecolor="white")
    return content.getvalue()


def _remove_clutter(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)


def _in_percent(axes: Axes) -> None:
    """Label shares as percent, with as many digits as distinguish one tick from the next."""
    from matplotlib.ticker import PercentFormatter

    axes.yaxis.set_major_formatter(PercentFormatter(1.0))


def curves_figure(groups: Mapping[str, Sequence[FinishedJob]], metric: str) -> Figure | None:
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
    for axes in grid.flat[len(drawn) :]:
        axes.set_visible(False)
    for axes, (title, bands) in zip(grid.flat, drawn.items(), strict=False):
        for part, band in bands.items():
            _draw_band(axes, part, band)
        axes.set_title(title, fontsize=10, loc="left")
        axes.set_xlabel("epoch")
        _remove_clutter(axes)
    grid[0][0].legend(frameon=False, fontsize=9)
    for row in grid:
        row[0].set_ylabel(metric)
    if metric == "accuracy":
        _in_percent(grid[0][0])
    else:
        grid[0][0].set_ylim(bottom=0)
    return figure


def _bands(jobs: Sequence[FinishedJob], metric: str) -> dict[str, NDArray[np.float64]]:
    """Return the curves of all runs by part, `[runs, epochs]`, as far as the shortest goes."""
    bands = {}
    for part in PARTS:
        curves = [job.curves[f"{part}/{metric}"] for job in jobs if f"{part}/{metric}" in job.curves]
        length = min((len(curve) for curve in curves), default=0)
        if length > 1:  # a final value is no curve
            bands[part] = np.stack([curve[:length] for curve in curves])
    return bands


def _draw_band(axes: Axes, part: str, curves: NDArray[np.float64]) -> None:
    colour, line = PARTS[part]
    epochs = np.arange(1, curves.shape[1] + 1)
    axes.fill_between(epochs, curves.min(axis=0), curves.max(axis=0), color=colour, alpha=0.2, linewidth=0)
    axes.plot(epochs, curves.mean(axis=0), line, color=colour, linewidth=1.6, label=part)


def recalls_figure(
    groups: Mapping[str, Sequence[FinishedJob]], keys: Mapping[str, str], abnormal: Sequence[str], confidence: float
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
        values = [values_of(jobs, key) for key in keys.values()]
        means = [value.mean() if len(value) else 0.0 for value in values]
        places = np.arange(len(keys)) + (index - (len(groups) - 1) / 2) * width
        colour, hatches = LEVELS[index % len(LEVELS)], ["///" if name in abnormal else "" for name in keys]
        axes.bar(places, means, width * 0.92, color=colour, hatch=hatches, edgecolor="white", linewidth=0)
        halves = _half_intervals(values, confidence)
        axes.errorbar(places, means, yerr=halves, fmt="none", ecolor="0.2", elinewidth=1, capsize=2)
    axes.set_xticks(range(len(keys)), [name.replace(" ", "\n") for name in keys], fontsize=9)
    axes.set_ylabel("recall")
    axes.set_ylim(0, 1.02)
    _in_percent(axes)
    _remove_clutter(axes)
    if len(groups) > 1:
        handles = [Patch(color=LEVELS[index % len(LEVELS)], label=title) for index, title in enumerate(groups)]
        axes.legend(handles=handles, frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def _half_intervals(values: Iterable[NDArray[np.float64]], confidence: float) -> list[float]:
    """Return half the interval of each mean; NaN, which is drawn as nothing, where there is none."""
    intervals = [mean_interval(value, confidence) for value in values]
    return [(interval.high - interval.low) / 2 for interval in intervals]


def differences_figure(comparisons: Sequence[Comparison]) -> Figure:
    """Draw paired differences in points: a dot a pair, the mean with its interval, and the size that was claimed.

    Args:
        comparisons: all with the unit points.
    """
    figure = new_figure(9.0, 0.9 + 0.62 * len(comparisons))
    axes = figure.add_subplot()
    axes.axvline(0, color="0.2", linewidth=0.8)
    for row, comparison in enumerate(comparisons):
        result, claimed = comparison.result, comparison.question.claimed
        axes.plot(result.differences, np.full(result.n, row - 0.2), "o", color=_GREY, alpha=0.6, markersize=3.5, mew=0)
        if result.n > 1:
            axes.plot([result.interval.low, result.interval.high], [row, row], color=LEVELS[0], linewidth=2.2)
        axes.plot(result.mean, row, "o", color=LEVELS[0], markersize=6)
        if claimed is not None:
            axes.plot([claimed.low, claimed.high], [row + 0.2] * 2, "-D", color=LEVELS[1], markersize=4, linewidth=1.5)
    axes.set_yticks(range(len(comparisons)), [comparison.letter for comparison in comparisons], fontsize=9)
    axes.set_ylim(len(comparisons) - 0.5, -0.5)
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
        _remove_clutter(axes)
    figure.axes[0].set_ylabel(label)
    return figure


def interaction_figure(
    means: NDArray[np.float64], rows: Sequence[str], columns: Sequence[str], names: Sequence[str], label: str
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
    _remove_clutter(axes)
    axes.legend(frameon=False, fontsize=9, title=names[0], loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure


def scaling_figure(panels: Mapping[str, Mapping[str, Points]]) -> Figure:
    """Draw a panel a metric, a line a model through the means over runs, a dot a run.

    Args:
        panels: by title; those whose title begins with ``accuracy`` have a linear axis from 0 to 1, others logarithmic
            ones.
    """
    figure = new_figure(3.4 * len(panels), 3.2)
    for axes, (title, models) in zip(figure.subplots(1, len(panels), squeeze=False).flat, panels.items(), strict=True):
        for colour, marker, (model, points) in zip(LEVELS, _MARKERS, models.items(), strict=False):
            _draw_growth(axes, model, points, colour, marker)
        axes.set_title(title, fontsize=10, loc="left")
        axes.set_xlabel("training windows")
        axes.set_xscale("log")
        if title.startswith("accuracy"):
            axes.set_ylim(0, 1)
        else:
            axes.set_yscale("log")
        _remove_clutter(axes)
    figure.axes[0].legend(frameon=False, fontsize=9)
    return figure


def _draw_growth(axes: Axes, model: str, points: Points, colour: str, marker: str) -> None:
    sizes = sorted(points)
    axes.plot(sizes, [np.mean(points[size]) for size in sizes], color=colour, marker=marker, markersize=5, label=model)
    for size in sizes:
        axes.plot([size] * len(points[size]), points[size], ".", color=colour, alpha=0.5, markersize=4)
