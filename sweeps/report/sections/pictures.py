"""Curves as the paper's figures 7 and 8, recalls as its figures 10 and 11."""

from __future__ import annotations

from sweeps.report import paper
from sweeps.report.document import Block, Heading, Picture, Table
from sweeps.report.figures import LEVELS, curves_figure, recalls_figure, to_png
from sweeps.report.formatting import percent, recall_key, whole_percent
from sweeps.report.sweep_data import FinishedJob, Sweep, grouped, mean_of

_RECALL = "test/recall/"


def _groups(sweep: Sweep) -> dict[str, list[FinishedJob]]:
    """Group the runs by the first factor, the paper's optimizers in its order; all together without a factor."""
    if not sweep.factors:
        return {"all runs": list(sweep.jobs)}
    factor = sweep.factors[0]
    levels, names = list(sweep.levels[factor]), paper.NAMES if factor == "optimizer" else {}
    if set(levels) == set(names):
        levels = list(names)
    jobs = grouped(sweep.jobs, lambda job: job.level(factor))
    return {names.get(level, level): jobs[level] for level in levels[: len(LEVELS)]}


def curves_section(sweep: Sweep) -> list[Block]:
    """Return accuracy and loss over epochs, with bands over runs."""
    groups = _groups(sweep)
    panels = {"accuracy": groups, "loss": groups}
    if {"RMSProp", "Adam"} <= groups.keys():
        titles = {"RMSProp": "RMSProp (figure 7A)", "Adam": "Adam (figure 7B)"}
        panels["accuracy"] = {titles.get(name, name): jobs for name, jobs in groups.items()}
        panels["loss"] = {"Adam (figure 8)": groups["Adam"]}
    blocks: list[Block] = []
    for metric, shown in panels.items():
        figure = curves_figure(shown, metric)
        if figure is not None:
            named = groups if metric == "accuracy" else shown
            counts = ", ".join(f"{name}: {len(jobs)}" for name, jobs in named.items())
            caption = (
                f"{metric.capitalize()} over epochs. Line: mean over runs; band: from the least to the most of them. "
                f"Runs: {counts}."
            )
            blocks.append(Picture(f"curves_{metric}", to_png(figure), caption))
    return [Heading("Curves"), *blocks] if blocks else []


def recalls_section(sweep: Sweep, confidence: float) -> list[Block]:
    """Return the recall of each class, abnormal ones set apart."""
    groups = _groups(sweep)
    recalls = sorted(
        {key for jobs in groups.values() for job in jobs for key in job.metrics if key.startswith(_RECALL)}
    )
    if not recalls:
        return []
    abnormal = {recall_key(name): name for name in sweep.jobs[0].abnormal_classes}
    order = [*(key for key in abnormal if key in recalls), *(key for key in recalls if key not in abnormal)]
    keys = {abnormal.get(key, key.removeprefix(_RECALL).replace("_", " ")): key for key in order}
    figure = recalls_figure(groups, keys, list(abnormal.values()), confidence)
    caption = (
        "Share of each class's test windows that were recognised, as the paper's figures 10 and 11: mean over runs, "
        f"and the {whole_percent(confidence)} interval of that mean."
    )
    if abnormal:
        caption += " Hatched: abnormal classes."
    rows = [(name, *(percent(mean_of(jobs, key)) for jobs in groups.values())) for name, key in keys.items()]
    return [
        Heading("Class by class"),
        Picture("recalls", to_png(figure), caption),
        Table(("recall, %", *groups), rows),
    ]


def runs_section(sweep: Sweep, metric: str) -> list[Block]:
    """Return every run that the numbers are from."""
    rows = [
        (
            " ".join(f"{key}={job.level(key)}" for key in sweep.levels) or "-",
            *(percent(job.metrics.get(key)) for key in ("train/accuracy", "val/accuracy", metric)),
            job.run_id,
        )
        for job in sweep.jobs
    ]
    columns = ("job", "train", "validation", metric, "run")
    return [Heading("The runs"), Table(columns, rows, caption="Accuracies in percent.")]
