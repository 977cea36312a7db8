"""Figures and tables of one run's results. Plain Figure objects: no pyplot, no window, nothing to close."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from sweeps.tracking.run import EpochMetrics

_DPI = 150
# Markers differ too, for readers who see no colour.
_PARTS = {"train": ("#4c72b0", "o"), "val": ("#dd8452", "s"), "test": ("#55a868", "^")}
_PANELS = {"loss": "Loss", "accuracy": "Accuracy"}
_FEW_EPOCHS = 30  # up to which each is marked
_MAX_NAMED = 60  # classes whose names can be read
_MAX_COUNTED = 25  # classes whose cells have room for a count


def confusion_matrix_figure(counts: NDArray[np.int64], class_names: Sequence[str]) -> Figure:
    """Draw a confusion matrix. Colours show shares of the true class; cells show counts and percentages.

    Args:
        counts: ``[K, K]``, true class by predicted class.
        class_names: K names, in that order.
    """
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    counts = np.asarray(counts)
    num_classes = len(class_names)
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    side = min(max(3.2, 0.85 * num_classes if num_classes <= _MAX_COUNTED else 0.16 * num_classes), 22.0)
    figure = Figure(figsize=(side + 2.4, side + 1.6), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(np.arange(1, num_classes) - 0.5, minor=True)
    axes.set_yticks(np.arange(1, num_classes) - 0.5, minor=True)
    axes.grid(which="minor", color="0.85", linewidth=0.5)
    axes.tick_params(which="minor", length=0)
    _label_classes(axes, class_names, totals[:, 0])
    if num_classes <= _MAX_COUNTED:
        _fill_cells(axes, counts, shares)
    bar = figure.colorbar(image, ax=axes, shrink=0.8, label="share of the true class")
    bar.ax.yaxis.set_major_formatter("{x:.0%}")
    accuracy = np.trace(counts) / max(counts.sum(), 1)
    axes.set_title(f"{counts.sum():,} windows, accuracy {accuracy:.1%}", fontsize=11)
    return figure


def _label_classes(axes: Axes, class_names: Sequence[str], totals: NDArray[np.int64]) -> None:
    ticks = range(len(class_names))
    axes.set_xlabel("predicted")
    axes.set_ylabel("true (windows)")
    if len(class_names) > _MAX_NAMED:
        return
    size, angle = (9, 45) if len(class_names) <= _MAX_COUNTED else (6, 90)
    axes.set_xticks(ticks, class_names, rotation=angle, ha="right", rotation_mode="anchor", fontsize=size)
    rows = [f"{name} ({total:,})" for name, total in zip(class_names, totals, strict=True)]
    axes.set_yticks(ticks, rows, fontsize=size)


def _fill_cells(axes: Axes, counts: NDArray[np.int64], shares: NDArray[np.float64]) -> None:
    for row, column in zip(*counts.nonzero(), strict=True):
        share = shares[row, column]
        text = f"{share:.1%}\n{counts[row, column]:,}"
        colour = "white" if share > 0.55 else "black"
        axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour, linespacing=1.4)


def curves_figure(rows: Sequence[EpochMetrics]) -> Figure:
    """Draw loss and accuracy over epochs: a line each for train, val and test, where they were measured.

    Args:
        rows: epochs with values such as ``train/loss``; a single epoch shows as points.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(9.5, 3.8), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    epochs = [row.epoch for row in rows]
    for axes, (metric, title) in zip(figure.subplots(1, len(_PANELS)), _PANELS.items(), strict=True):
        for part in _PARTS:
            _draw_part(axes, part, _points(rows, f"{part}/{metric}"))
        axes.set(title=title, xlabel="epoch")
        axes.set_xlim(min(epochs, default=0) - 0.5, max(epochs, default=0) + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        if axes.lines:
            axes.legend(frameon=False)
    accuracies = [y for part in _PARTS for _, y in _points(rows, f"{part}/accuracy")]
    figure.axes[1].yaxis.set_major_formatter("{x:.0%}")
    figure.axes[1].set_ylim(max(0.0, min(accuracies, default=0.0) - 0.05), 1.005)
    return figure


def _points(rows: Sequence[EpochMetrics], key: str) -> list[tuple[int, float]]:
    return [(row.epoch, row.values[key]) for row in rows if math.isfinite(row.values.get(key, math.nan))]


def _draw_part(axes: Axes, part: str, points: Sequence[tuple[int, float]]) -> None:
    if not points:
        return
    colour, marker = _PARTS[part]
    shown = marker if len(points) <= _FEW_EPOCHS else ""
    epochs, values = zip(*points, strict=True)
    axes.plot(epochs, values, color=colour, marker=shown, markersize=4, linewidth=1.6, label=part)


def per_class_rows(counts: NDArray[np.int64], class_names: Sequence[str]) -> list[dict[str, Any]]:
    """Return precision, recall and F1 of each class.

    Args:
        counts: ``[K, K]``, true class by predicted class.
        class_names: K names, in that order.

    Returns:
        A row a class: class, precision, recall and f1 in 0..1 (0 where a denominator is 0), and support, the number of
        windows of the class.
    """
    import numpy as np

    counts = np.asarray(counts)
    hits, support, predicted = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    columns = {
        "class": list(class_names),
        "precision": (hits / np.maximum(predicted, 1)).tolist(),
        "recall": (hits / np.maximum(support, 1)).tolist(),
        "f1": (2 * hits / np.maximum(support + predicted, 1)).tolist(),
        "support": support.tolist(),
    }
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
