"""Accuracy and time over the size of the training data, a line a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sweeps.report.figures import LEVELS, new_figure, strip

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "^", "D", "v", "P")  # told apart without colour too
Points = Mapping[float, Sequence[float]]  # values of all runs by their number of training windows


def scaling_figure(panels: Mapping[str, Mapping[str, Points]]) -> Figure:
    """Draw a panel a metric, a line a model through the means over runs, a dot a run.

    Args:
        panels: by title; those whose title begins with ``accuracy`` have a linear axis from 0 to 1, others logarithmic
            ones.
    """
    figure = new_figure(3.4 * len(panels), 3.2)
    for axes, (title, models) in zip(figure.subplots(1, len(panels), squeeze=False).flat, panels.items(), strict=True):
        for colour, marker, (model, points) in zip(LEVELS, MARKERS, models.items(), strict=False):
            _draw(axes, model, points, colour, marker)
        axes.set_title(title, fontsize=10, loc="left")
        axes.set_xlabel("training windows")
        axes.set_xscale("log")
        if title.startswith("accuracy"):
            axes.set_ylim(0, 1)
        else:
            axes.set_yscale("log")
        strip(axes)
    figure.axes[0].legend(frameon=False, fontsize=9)
    return figure


def _draw(axes: Axes, model: str, points: Points, colour: str, marker: str) -> None:
    sizes = sorted(points)
    axes.plot(sizes, [np.mean(points[size]) for size in sizes], color=colour, marker=marker, markersize=5, label=model)
    for size in sizes:
        axes.plot([size] * len(points[size]), points[size], ".", color=colour, alpha=0.5, markersize=4)
