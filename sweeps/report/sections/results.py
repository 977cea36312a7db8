"""The verdicts and the tests behind them, the accuracies beside the paper's, and the power of the sweep."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sweeps.report import paper
from sweeps.report.comparisons import Comparison, Comparisons
from sweeps.report.document import Block, Bullets, Heading, Picture, Table, Text
from sweeps.report.figures import differences_figure, to_png
from sweeps.report.formatting import NONE, counted, p_value, percent, plain, signed, span, whole_percent
from sweeps.report.questions import REACHED
from sweeps.report.sweep_data import FinishedJob, Sweep, mean_of, values_of
from sweeps.results.overrides import short_names
from sweeps.statistics.paired import mean_interval
from sweeps.statistics.power import pairs_for_power, power
from sweeps.statistics.verdict import Verdict

_MOST_CELLS = 60
_WANTED_POWER = 0.8


def verdicts_section(comparisons: Comparisons) -> list[Block]:
    """Return the verdicts, for the top of the page."""
    if not comparisons.all:
        return [Text("The sweep compares nothing: its jobs differ in seeds only, or not at all.")]
    rows = [
        (
            f"{comparison.letter}. {comparison.question.sentence}",
            f"**{comparison.outcome}**",
            _mean_difference(comparison),
            span(comparison.result.interval),
            str(comparison.result.n),
        )
        for comparison in comparisons.all
    ]
    return [Table(("claim or comparison", "verdict", "difference", "interval", "pairs"), rows, labels=2)]


def _mean_difference(comparison: Comparison) -> str:
    return f"{signed(comparison.result.mean)} {comparison.question.unit}"


def paper_section(sweep: Sweep, confidence: float) -> list[Block]:
    """Return the paper's figures 7 and 8 in numbers, beside ours; nothing where more than the optimizer varies."""
    groups = {level: [job for job in sweep.jobs if job.level("optimizer") == level] for level in paper.NAMES}
    if sweep.factors != ["optimizer"] or not all(groups.values()):
        return []
    rows = []
    for level, name in paper.NAMES.items():
        for part, accuracies in (("train", paper.TRAIN_ACCURACY), ("test", paper.TEST_ACCURACY)):
            ours = _mean_and_spread(values_of(groups[level], f"{part}/accuracy"), confidence, percent)
            rows.append((name, f"{part} accuracy, %", percent(accuracies[level]), *ours))
    adam, four_digits = groups["adam"], partial(plain, digits=4)
    for part, loss in (("train", paper.TRAIN_LOSS), ("test", paper.TEST_LOSS)):
        ours = _mean_and_spread(values_of(adam, f"{part}/loss"), confidence, four_digits)
        rows.append(("Adam", f"{part} loss", four_digits(loss), *ours))
    rows.append(("Adam", "epochs to 95 %", f"about {paper.EPOCHS_TO_95}", *_epochs_to_95(adam, confidence)))
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


def _mean_and_spread(values: NDArray[np.float64], confidence: float, number: Callable[[float], str]) -> tuple[str, ...]:
    """Return mean, standard deviation, interval of the mean and number of runs, each as the page shows it."""
    if not len(values):
        return (NONE, NONE, NONE, "0")
    sd = number(float(values.std(ddof=1))) if len(values) > 1 else NONE
    return number(float(values.mean())), sd, span(mean_interval(values, confidence), number), str(len(values))


def _epochs_to_95(jobs: list[FinishedJob], confidence: float) -> tuple[str, ...]:
    epochs = values_of(jobs, REACHED)
    if len(epochs) < len(jobs):  # the mean of those that got there would be too small
        return f"reached by {len(epochs)} of {len(jobs)}", NONE, NONE, str(len(jobs))
    return _mean_and_spread(epochs, confidence, partial(plain, digits=1))


def cells_section(sweep: Sweep, metric: str, confidence: float) -> list[Block]:
    """Return every cell of the grid over its seeds, the best first."""
    cells = sweep.cells()
    order = sorted(cells, key=lambda levels: -np.nan_to_num(mean_of(cells[levels], metric), nan=-np.inf))
    rows = [
        (
            *(levels or ["all"]),
            percent(mean_of(cells[levels], "train/accuracy")),
            *_mean_and_spread(values_of(cells[levels], metric), confidence, percent),
        )
        for levels in order[:_MOST_CELLS]
    ]
    caption = (
        f"{metric} in percent: mean, standard deviation and {whole_percent(confidence)} interval of the mean "
        f"(Student's t) over runs that differ in {' and '.join(sweep.repeats) or 'nothing'} only, the best first."
    )
    if len(order) > _MOST_CELLS:
        caption += f" {len(order) - _MOST_CELLS} more are in MLflow."
    names = short_names(sweep.factors) or ["all runs"]
    columns = (*names, "train accuracy", metric, "sd", "interval", "runs")
    return [Heading("Every setting"), Table(columns, rows, labels=len(names), caption=caption)]


def claims_section(comparisons: Comparisons, confidence: float) -> list[Block]:
    """Return the tests behind the verdicts, the differences as a figure, and what must be said of each."""
    if not comparisons.all:
        return []
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
        Bullets([_sentence(comparison) for comparison in comparisons.all]),
        Table(columns, [_test_row(comparison) for comparison in comparisons.all], caption=caption),
    ]
    shown = [comparison for comparison in comparisons.all if comparison.question.unit == "points"]
    if shown:
        caption = (
            f"Differences in points. Grey: one pair each. Blue: mean and {whole_percent(confidence)} interval. Orange: "
            "the size that was claimed. A claim holds when the whole blue line is right of 0."
        )
        blocks.append(Picture("differences", to_png(differences_figure(shown)), caption))
    return blocks


def _sentence(comparison: Comparison) -> str:
    question, result = comparison.question, comparison.result
    text = (
        f"**{comparison.letter}. {question.sentence}: {comparison.outcome}.** {_mean_difference(comparison)} in "
        f"{counted(result.n, 'pair')} ({question.measured}); {comparison.judgement.reason}."
    )
    if question.note:
        text += f" {question.note[0].upper()}{question.note[1:]}."
    recordings = question.recordings
    if comparison.judgement.verdict is not Verdict.UNKNOWN and recordings is not None and recordings.holds(0):
        text += " Over recordings the interval has 0 in it: with other recordings it may come out otherwise."
    least = 2.0 ** (1 - result.n)
    if result.n >= 2 and least > 0.05:
        text += f" With {result.n} pairs the sign-flip test cannot give less than {least:.3g}."
    return text


def _test_row(comparison: Comparison) -> tuple[str, ...]:
    result = comparison.result
    return (
        comparison.letter,
        signed(result.mean),
        plain(result.sd),
        span(result.interval),
        span(comparison.question.recordings),
        *(signed(effect) for effect in (result.d_z, result.g_z)),
        *(p_value(p) for p in (result.p_sign_flip, comparison.p_holm, result.p_t, result.p_corrected)),
    )


def power_section(comparisons: Comparisons, effect: float, confidence: float) -> list[Block]:
    """Return how likely the sweep was to find an effect of some size, from the spread that it saw."""
    rows = [
        (
            comparison.letter,
            plain(comparison.result.sd),
            str(comparison.result.n),
            *_power_and_pairs(comparison, effect, confidence),
        )
        for comparison in _with_spread(comparisons)
    ]
    if not rows:
        return []
    columns = ("", "sd of differences, points", "pairs", f"power for {effect:g} points", "pairs for 80 %")
    text = (
        f"If the true difference were {effect:g} points, and its spread from pair to pair the one seen here, a sweep "
        "of this size would find it, that is call the claim true, with the probability given as power. The spread is "
        "itself an estimate, a rough one from few pairs."
    )
    return [Heading("What the sweep could have found"), Text(text), Table(columns, rows)]


def power_line(comparisons: Comparisons, effect: float, confidence: float) -> str:
    """Return the power of the first question in points, as a sentence; empty where the spread is not known."""
    first = next(iter(_with_spread(comparisons)), None)
    if first is None:
        return ""
    probability, pairs = _power_and_pairs(first, effect, confidence)
    return (
        f"Power for {effect:g} points: {probability} with {counted(first.result.n, 'pair')} "
        f"(sd {first.result.sd:.2f} points); 80 % takes {pairs} pairs."
    )


def _with_spread(comparisons: Comparisons) -> list[Comparison]:
    return [each for each in comparisons.all if each.question.unit == "points" and each.result.varies]


def _power_and_pairs(comparison: Comparison, effect: float, confidence: float) -> tuple[str, str]:
    """Return the power to find an effect, and the pairs that 80 % take, each as the page shows it."""
    result = comparison.result
    pairs = pairs_for_power(effect, result.sd, _WANTED_POWER, confidence)
    probability = power(effect, result.sd, result.n, confidence)
    return whole_percent(probability), f"{pairs:,}" if pairs else "over 100,000"
