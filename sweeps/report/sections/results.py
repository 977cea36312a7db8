"""The accuracies, beside the paper's; the claims; how much the sweep could have found."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sweeps.report import paper
from sweeps.report.comparisons import Answer, Answers
from sweeps.report.document import Block, Bullets, Heading, Picture, Table, Text
from sweeps.report.figures import differences_figure, to_png
from sweeps.report.formatting import NONE, counted, p_value, percent, percent_span, plain, signed, span, whole_percent
from sweeps.report.questions import REACHED
from sweeps.report.sweep_data import Job, Sweep
from sweeps.results.table import short_names
from sweeps.statistics.paired import mean_interval
from sweeps.statistics.power import pairs_for_power, power
from sweeps.statistics.verdict import Verdict

_MOST_CELLS = 60
_WANTED_POWER = 0.8


def answer_section(answers: Answers) -> list[Block]:
    """The verdicts, at the top of the page."""
    if not answers.all:
        return [Text("The sweep compares nothing: its jobs differ in seeds only, or not at all.")]
    rows = [
        (
            f"{letter}. {given.question.sentence}",
            f"**{given.words}**",
            _with_unit(given),
            span(given.result.interval),
            str(given.result.n),
        )
        for letter, given in _lettered(answers)
    ]
    columns = ("claim or comparison", "verdict", "difference", "interval", "pairs")
    return [Table(columns, rows, labels=2)]


def _with_unit(given: Answer) -> str:
    return f"{signed(given.result.mean)} {given.question.unit}"


def paper_section(sweep: Sweep, confidence: float) -> list[Block]:
    """The paper's figures 7 and 8 in numbers, beside ours; nothing where more than the optimizer varies."""
    groups = {level: [job for job in sweep.jobs if job.typed.get("optimizer") == level] for level in paper.NAMES}
    if sweep.factors != ["optimizer"] or not all(groups.values()):
        return []
    rows = []
    for level, name in paper.NAMES.items():
        for part, said in (("train", paper.TRAIN_ACCURACY), ("test", paper.TEST_ACCURACY)):
            values = [job.metrics[f"{part}/accuracy"] for job in groups[level] if f"{part}/accuracy" in job.metrics]
            rows.append((name, f"{part} accuracy, %", percent(said[level]), *_ours(values, confidence, True)))
    for part, said_loss in (("train", paper.TRAIN_LOSS), ("test", paper.TEST_LOSS)):
        values = [job.metrics[f"{part}/loss"] for job in groups["adam"] if f"{part}/loss" in job.metrics]
        rows.append(("Adam", f"{part} loss", plain(said_loss, 4), *_ours(values, confidence, False)))
    reached = [job.metrics[REACHED] for job in groups["adam"] if REACHED in job.metrics]
    rows.append(
        ("Adam", "epochs to 95 %", f"about {paper.EPOCHS_TO_95}", *_reached(reached, len(groups["adam"]), confidence))
    )
    caption = (
        f"Mean, standard deviation and {whole_percent(confidence)} interval of the mean (Student's t) over seeds. "
        f"Train values are of the last epoch, test values of the epoch that was tested. Paper: {paper.CITATION}, one "
        "run each."
    )
    columns = ("optimizer", "", "paper", "here, mean", "sd", "interval", "runs")
    return [
        Heading("The paper's table beside ours"),
        Table(columns, rows, labels=2, caption=caption),
        Text("What does not add up in the paper:"),
        Bullets(paper.DOES_NOT_ADD_UP),
    ]


def _ours(values: Sequence[float], confidence: float, is_share: bool) -> tuple[str, ...]:
    if not values:
        return (NONE, NONE, NONE, "0")
    data = np.array(values)
    sd = float(data.std(ddof=1)) if len(data) > 1 else math.nan
    interval = mean_interval(data, confidence)
    if is_share:
        return percent(float(data.mean())), percent(sd), percent_span(interval), str(len(data))
    ends = NONE if math.isnan(interval.low) else f"{plain(interval.low, 4)} to {plain(interval.high, 4)}"
    return plain(float(data.mean()), 4), plain(sd, 4), ends, str(len(data))


def _reached(values: Sequence[float], runs: int, confidence: float) -> tuple[str, ...]:
    """Times of those that got there have a mean only if all did."""
    if len(values) < runs:
        return f"reached by {len(values)} of {runs}", NONE, NONE, str(runs)
    sd = float(np.std(values, ddof=1)) if runs > 1 else math.nan
    interval = mean_interval(values, confidence)
    ends = NONE if math.isnan(interval.low) else f"{plain(interval.low, 1)} to {plain(interval.high, 1)}"
    return plain(float(np.mean(values)), 1), plain(sd, 1), ends, str(runs)


def cells_section(sweep: Sweep, metric: str, confidence: float) -> list[Block]:
    """Every cell of the grid over its seeds, the best first."""
    cells = sweep.cells()
    means = {levels: _metric(jobs, metric) for levels, jobs in cells.items()}
    order = sorted(cells, key=lambda levels: -float(np.mean(means[levels])) if means[levels] else math.inf)
    rows = [
        (*levels, percent(_mean(_metric(cells[levels], "train/accuracy"))), *_ours(means[levels], confidence, True))
        for levels in order[:_MOST_CELLS]
    ]
    names = short_names(sweep.factors)
    caption = (
        f"{metric} in percent: mean, standard deviation and {whole_percent(confidence)} interval of the mean "
        f"(Student's t) over runs that differ in {' and '.join(sweep.repeats) or 'nothing'} only, the best first."
    )
    if len(order) > _MOST_CELLS:
        caption += f" {len(order) - _MOST_CELLS} more are in MLflow."
    columns = (*(names or ["all runs"]), "train accuracy", metric, "sd", "interval", "runs")
    rows = rows if names else [("all", *row) for row in rows]
    return [Heading("Every setting"), Table(columns, rows, labels=max(1, len(names)), caption=caption)]


def _metric(jobs: Sequence[Job], name: str) -> list[float]:
    return [job.metrics[name] for job in jobs if name in job.metrics]


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def claims_section(answers: Answers, confidence: float) -> list[Block]:
    """The tests behind the verdicts, the differences as a figure, and what must be said of each."""
    if not answers.all:
        return []
    rows = [_test_row(f"{letter}", given) for letter, given in _lettered(answers)]
    columns = (
        "", "mean", "sd", "interval", "over recordings", "d", "g", "p, sign flip", "Holm", "p, t", "p, corrected t"
    )  # fmt: skip
    caption = (
        f"Paired differences, in the unit of the claim; intervals of {whole_percent(confidence)}. Over recordings: "
        "bootstrap that resamples the recordings of the test part. d: Cohen's d of paired differences, g: without its "
        "bias (Hedges). How each is computed is at the end."
    )
    blocks: list[Block] = [
        Heading("The claims, tested"),
        Bullets([_spoken(letter, given) for letter, given in _lettered(answers)]),
        Table(columns, rows, caption=caption),
    ]
    shown = [(letter, given) for letter, given in _lettered(answers) if given.question.unit == "points"]
    if shown:
        figure = differences_figure([given for _, given in shown], [letter for letter, _ in shown])
        caption = (
            f"Differences in points. Grey: one pair each. Blue: mean and {whole_percent(confidence)} interval. Orange: "
            "the size that was claimed. A claim holds when the whole blue line is right of 0."
        )
        blocks.append(Picture("differences", to_png(figure), caption))
    return blocks


def _lettered(answers: Answers) -> list[tuple[str, Answer]]:
    return [(_letters(index), given) for index, given in enumerate(answers.all)]


def _letters(index: int) -> str:
    return chr(ord("A") + index) if index < 26 else f"A{index}"


def _spoken(letter: str, given: Answer) -> str:
    question, result = given.question, given.result
    text = (
        f"**{letter}. {question.sentence}: {given.words}.** {_with_unit(given)} in {counted(result.n, 'pair')} "
        f"({question.measured}); {given.judgement.reason}."
    )
    if question.note:
        text += f" {question.note[0].upper()}{question.note[1:]}."
    recordings = question.recordings
    if given.judgement.verdict is not Verdict.UNKNOWN and recordings is not None and recordings.holds(0):
        text += " Over recordings the interval has 0 in it: with other recordings it may come out otherwise."
    least = 2.0 ** (1 - result.n)
    if result.n >= 2 and least > 0.05:
        text += f" With {result.n} pairs the sign-flip test cannot give less than {least:.3g}."
    return text


def _test_row(letter: str, given: Answer) -> tuple[str, ...]:
    result = given.result
    return (
        letter,
        signed(result.mean),
        plain(result.sd),
        span(result.interval),
        span(given.question.recordings),
        signed(result.d_z),
        signed(result.g_z),
        p_value(result.p_sign_flip),
        p_value(given.p_holm),
        p_value(result.p_t),
        p_value(result.p_corrected),
    )


def power_section(answers: Answers, effect: float, confidence: float) -> list[Block]:
    """How likely the sweep was to find an effect of some size, from the spread that it saw."""
    rows = []
    for letter, given in _lettered(answers):
        result = given.result
        if given.question.unit == "points" and result.varies:
            wanted = pairs_for_power(effect, result.sd, _WANTED_POWER, confidence)
            found = whole_percent(power(effect, result.sd, result.n, confidence))
            rows.append((letter, plain(result.sd), str(result.n), found, f"{wanted:,}" if wanted else "over 100,000"))
    if not rows:
        return []
    columns = ("", "sd of differences, points", "pairs", f"power for {effect:g} points", "pairs for 80 %")
    text = (
        f"If the true difference were {effect:g} points, and its spread from pair to pair the one seen here, a sweep "
        "of this size would find it, that is call the claim true, with the probability given as power. The spread is "
        "itself an estimate, a rough one from few pairs."
    )
    return [Heading("What the sweep could have found"), Text(text), Table(columns, rows)]


def power_line(answers: Answers, effect: float, confidence: float) -> str:
    """The power of the first question in points, as a sentence; empty where the spread is not known."""
    for given in answers.all:
        result = given.result
        if given.question.unit != "points" or not result.varies:
            continue
        wanted = pairs_for_power(effect, result.sd, _WANTED_POWER, confidence)
        return (
            f"Power for {effect:g} points: {whole_percent(power(effect, result.sd, result.n, confidence))} with "
            f"{counted(result.n, 'pair')} (sd {result.sd:.2f} points); 80 % takes "
            + (f"{wanted:,} pairs." if wanted else "over 100,000 pairs.")
        )
    return ""
