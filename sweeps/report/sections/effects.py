"""Main effects and interactions, where a sweep varies more than one thing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sweeps.report.document import Block, Heading, Picture, Table, Text
from sweeps.report.figures import effects_figure, interaction_figure, to_png
from sweeps.report.formatting import p_value, percent, whole_percent
from sweeps.report.sweep_data import FinishedJob, Sweep, values_of
from sweeps.results.overrides import short_names
from sweeps.statistics.effects import Effect, explained

_REST = "what none of these explains"


def effects_section(sweep: Sweep, metric: str, confidence: float) -> list[Block]:
    """Return main effects as a figure, shares of variance as a table, and the interaction that explains most."""
    jobs = [job for job in sweep.jobs if metric in job.metrics]
    if len(sweep.factors) < 2 or len(jobs) < 3:
        return []
    names = dict(zip(sweep.factors, short_names(sweep.factors), strict=True))
    levels = {key: [job.level(key) for job in jobs] for key in sweep.levels}
    factors = {name: levels[key] for key, name in names.items()}
    effects, rest = explained(values_of(jobs, metric), factors, {key: levels[key] for key in sweep.repeats})
    by_level = {
        name: {level: _values_at(jobs, {key: level}, metric) for level in sweep.levels[key]}
        for key, name in names.items()
    }
    level = whole_percent(confidence)
    caption = f"{metric} by level of each factor, over all runs with that level; bars: {level} interval of the mean."
    return [
        Heading("What each factor does"),
        Picture("effects", to_png(effects_figure(by_level, metric, confidence)), caption),
        Text(_text(sweep)),
        _shares(effects, rest),
        *_strongest_interaction(sweep, jobs, effects, names, metric),
    ]


def _values_at(jobs: Sequence[FinishedJob], levels: Mapping[str, str], metric: str) -> NDArray[np.float64]:
    return values_of([job for job in jobs if all(job.level(key) == level for key, level in levels.items())], metric)


def _text(sweep: Sweep) -> str:
    text = (
        "Share of the variance between runs that each factor, and each two of them together, explain (eta squared, "
        "sums of squares of type II). A large interaction means that a factor's main effect depends on the other's "
        "level."
    )
    expected = math.prod(len(levels) for levels in sweep.levels.values())
    if len(sweep.jobs) < expected:
        text += (
            f" {expected - len(sweep.jobs)} of the grid's {expected} runs are not there, so the figure's means are "
            "over unlike runs."
        )
    if len(sweep.jobs) == len(sweep.cells()):
        text += " Every setting was run once: what chance does is in the last row with all that is left over."
    return text


def _shares(effects: list[Effect], rest: float) -> Table:
    rows = [
        (" x ".join(effect.names), str(effect.degrees), percent(effect.share, 1), p_value(effect.p))
        for effect in effects
    ]
    rows.append((_REST, "", percent(rest, 1), ""))
    return Table(("factor", "degrees of freedom", "share, %", "p, F test"), rows)


def _strongest_interaction(
    sweep: Sweep, jobs: Sequence[FinishedJob], effects: Sequence[Effect], names: Mapping[str, str], metric: str
) -> list[Block]:
    keys = {name: key for key, name in names.items()}
    strongest = max((effect for effect in effects if len(effect.names) == 2), key=lambda effect: effect.share)
    first, second = (keys[name] for name in strongest.names)
    rows, columns = sweep.levels[first], sweep.levels[second]
    values = [[_values_at(jobs, {first: row, second: column}, metric) for column in columns] for row in rows]
    means = np.array([[cell.mean() if len(cell) else np.nan for cell in row] for row in values])
    figure = interaction_figure(means, rows, columns, strongest.names, metric)
    caption = f"The interaction that explains most, {' x '.join(strongest.names)}: parallel lines would be none."
    table = [(row, *(percent(mean) for mean in of_row)) for row, of_row in zip(rows, means, strict=True)]
    header = (" \\ ".join(strongest.names), *columns)
    return [Picture("interaction", to_png(figure), caption), Table(header, table, caption=f"Mean {metric}, %.")]
