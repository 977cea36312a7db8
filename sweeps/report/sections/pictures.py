"""Curves as the paper's figures 7 and 8, recalls as its figures 10 and 11."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sweeps.report import paper
from sweeps.report.document import Block, Heading, Picture, Table
from sweeps.report.figures import LEVELS, curves_figure, recalls_figure, to_png
from sweeps.report.formatting import percent, recall_key, whole_percent
from sweeps.report.sweep_data import Job, Sweep

_RECALL = "test/recall/"


def groups_of(sweep: Sweep) -> dict[str, list[Job]]:
    """Runs by the level of the first factor, the paper's optimizers in its order; all together without a factor."""
    if not sweep.factors:
        return {"all runs": list(sweep.jobs)}
    factor = sweep.factors[0]
    levels = list(sweep.levels[factor])
    if factor == "optimizer":
        levels = sorted(levels, key=[*paper.NAMES].index) if set(levels) == set(paper.NAMES) else levels
    found = {level: [job for job in sweep.jobs if job.typed.get(factor, "-") == level] for level in levels}
    names = paper.NAMES if factor == "optimizer" else {}
    return {names.get(level, f"{level}"): jobs for level, jobs in list(found.items())[: len(LEVELS)]}


def curves_section(sweep: Sweep) -> list[Block]:
    """Accuracy and loss over epochs, with bands over runs."""
    groups = groups_of(sweep)
    is_paper = {"RMSProp", "Adam"} <= groups.keys()
    titles = {"RMSProp": "RMSProp (figure 7A)", "Adam": "Adam (figure 7B)"} if is_paper else {}
    blocks: list[Block] = []
    accuracy = curves_figure({titles.get(name, name): jobs for name, jobs in groups.items()}, "accuracy")
    if accuracy is not None:
        blocks.append(Picture("curves_accuracy", to_png(accuracy), f"Accuracy over epochs. {_band(groups)}"))
    shown = {"Adam (figure 8)": groups["Adam"]} if is_paper else groups
    loss = curves_figure(shown, "loss")
    if loss is not None:
        blocks.append(Picture("curves_loss", to_png(loss), f"Loss over epochs. {_band(shown)}"))
    return [Heading("Curves"), *blocks] if blocks else []


def _band(groups: Mapping[str, Sequence[Job]]) -> str:
    counts = ", ".join(f"{name}: {len(jobs)}" for name, jobs in groups.items())
    return f"Line: mean over runs; band: from the least to the most of them. Runs: {counts}."


def recalls_section(sweep: Sweep, confidence: float) -> list[Block]:
    """Recall of each class, abnormal ones set apart."""
    groups = groups_of(sweep)
    names = {key for jobs in groups.values() for job in jobs for key in job.metrics}
    present = sorted(name for name in names if name.startswith(_RECALL))
    if not present:
        return []
    abnormal = {recall_key(name): name for name in sweep.jobs[0].abnormal_classes}
    order = [*(key for key in abnormal if key in present), *(key for key in present if key not in abnormal)]
    keys = {abnormal.get(key, key.removeprefix(_RECALL).replace("_", " ")): key for key in order}
    figure = recalls_figure(groups, keys, list(abnormal.values()), confidence)
    caption = (
        "Share of each class's test windows that were recognised, as the paper's figures 10 and 11: mean over runs, "
        f"and the {whole_percent(confidence)} interval of that mean."
    )
    if abnormal:
        caption += " Hatched: abnormal classes."
    rows = [(name, *(_mean_recall(jobs, key) for jobs in groups.values())) for name, key in keys.items()]
    return [
        Heading("Class by class"),
        Picture("recalls", to_png(figure), caption),
        Table(("recall, %", *groups), rows),
    ]


def _mean_recall(jobs: Sequence[Job], key: str) -> str:
    values = [job.metrics[key] for job in jobs if key in job.metrics]
    return percent(sum(values) / len(values) if values else None)


def runs_section(sweep: Sweep, metric: str) -> list[Block]:
    """Every run that the numbers are from."""
    rows = [
        (
            " ".join(f"{key}={job.typed.get(key, '-')}" for key in sweep.levels) or "-",
            *_numbers(job.metrics, metric),
            job.run_id,
        )
        for job in sweep.jobs
    ]
    columns = ("job", "train", "validation", metric, "run")
    return [
        Heading("The runs"),
        Table(columns, rows, caption="Accuracies in percent."),
    ]


def _numbers(metrics: Mapping[str, float], metric: str) -> list[str]:
    return [percent(metrics.get(key)) for key in ("train/accuracy", "val/accuracy", metric)]
