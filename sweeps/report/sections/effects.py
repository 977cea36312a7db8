"""Main effects and interactions, where a sweep varies more than one thing."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from sweeps.report.document import Block, Heading, Picture, Table, Text
from sweeps.report.figures import effects_figure, interaction_figure, to_png
from sweeps.report.formatting import p_value, percent, whole_percent
from sweeps.report.sweep_data import Job, Sweep
from sweeps.results.table import short_names
from sweeps.statistics.effects import Effect, explained

_REST = "what none of these explains"


def effects_section(sweep: Sweep, metric: str, confidence: float) -> list[Block]:
    """Main effects as a figure, shares of variance as a table, and the interaction that explains most."""
    jobs = [job for job in sweep.jobs if metric in job.metrics]
    if len(sweep.factors) < 2 or len(jobs) < 3:
        return []
    names = dict(zip(sweep.factors, short_names(sweep.factors), strict=True))
    values = np.array([job.metrics[metric] for job in jobs])
    factors = {names[key]: [job.typed.get(key, "-") for job in jobs] for key in sweep.factors}
    blocks = {key: [job.typed.get(key, "-") for job in jobs] for key in sweep.repeats}
    effects, rest = explained(values, factors, blocks)
    by_level = {
        names[key]: {level: _of_level(jobs, key, level, metric) for level in sweep.levels[key]} for key in sweep.factors
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


def _of_level(jobs: list[Job], key: str, level: str, metric: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([job.metrics[metric] for job in jobs if job.typed.get(key, "-") == level])


def _text(sweep: Sweep) -> str:
    text = (
        "Share of the variance between runs that each factor, and each two of them together, explain (eta squared, "
        "sums of squares of type II). A large interaction means that a factor's main effect depends on the other's "
        "level."
    )
    cells = sweep.cells()
    expected = int(np.prod([len(sweep.levels[key]) for key in sweep.levels]))
    if len(sweep.jobs) < expected:
        text += (
            f" {expected - len(sweep.jobs)} of the grid's {expected} runs are not there, so the figure's means are "
            "over unlike runs."
        )
    if len(sweep.jobs) == len(cells):
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
    sweep: Sweep, jobs: list[Job], effects: list[Effect], names: dict[str, str], metric: str
) -> list[Block]:
    pairs = {(names[a], names[b]): (a, b) for a, b in combinations(sweep.factors, 2)}
    strongest = max((effect for effect in effects if len(effect.names) == 2), key=lambda effect: effect.share)
    first, second = pairs[strongest.names[0], strongest.names[1]]
    rows, columns = list(sweep.levels[first]), list(sweep.levels[second])
    means = np.full((len(rows), len(columns)), np.nan)
    for i, j in np.ndindex(*means.shape):
        found = [
            job.metrics[metric]
            for job in jobs
            if (job.typed.get(first, "-"), job.typed.get(second, "-")) == (rows[i], columns[j])
        ]
        means[i, j] = np.mean(found) if found else np.nan
    figure = interaction_figure(means, rows, columns, (names[first], names[second]), metric)
    caption = f"The interaction that explains most, {' x '.join(strongest.names)}: parallel lines would be none."
    table = [(row, *(percent(float(value)) for value in means[i])) for i, row in enumerate(rows)]
    header = (f"{names[first]} \\ {names[second]}", *columns)
    return [Picture("interaction", to_png(figure), caption), Table(header, table, caption=f"Mean {metric}, %.")]
