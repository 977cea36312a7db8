"""Each question with its statistics and its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sweeps.report.questions import LeftOut, Question, ask
from sweeps.report.sweep_data import Sweep
from sweeps.statistics.multiple import holm
from sweeps.statistics.paired import Paired, compare_paired
from sweeps.statistics.verdict import Judgement, Verdict, judge


@dataclass(frozen=True)
class Comparison:
    """A question that the runs were compared for, and what came of it.

    Attributes:
        letter: by which the page names it.
        question: with the differences.
        result: their statistics.
        judgement: the verdict and its reason, as decided by `sweeps.statistics.verdict`.
        p_holm: the sign-flip test's p, adjusted for all questions of the report.
    """

    letter: str
    question: Question
    result: Paired
    judgement: Judgement
    p_holm: float

    @property
    def outcome(self) -> str:
        """The verdict in words: of a claim, whether it holds; of two options, which one is better."""
        verdict = self.judgement.verdict
        if self.question.claim or verdict is Verdict.UNKNOWN:
            return str(verdict)
        return "better" if verdict is Verdict.HOLDS else "worse"


@dataclass(frozen=True)
class Comparisons:
    """All comparisons of a report, claims first, and what was left out of it."""

    all: Sequence[Comparison]
    left_out: Sequence[LeftOut]

    @property
    def claims(self) -> list[Comparison]:
        """Those that test a claim."""
        return [comparison for comparison in self.all if comparison.question.claim]

    @property
    def options(self) -> list[Comparison]:
        """Those of two options, which may come out either way."""
        return [comparison for comparison in self.all if not comparison.question.claim]


def compare(sweep: Sweep, metric: str, confidence: float, resamples: int) -> Comparisons:
    """Answer all questions that a sweep can answer.

    Args:
        sweep: as read.
        metric: what options are compared by.
        confidence: of every interval, in (0, 1).
        resamples: of the bootstrap over recordings.
    """
    questions, left_out = ask(sweep, metric, confidence, resamples)
    results = [compare_paired(question.differences, confidence, question.test_ratio) for question in questions]
    adjusted = holm([result.p_sign_flip for result in results])
    comparisons = [
        Comparison(_letter(index), question, result, _judge(question, result), float(p))
        for index, (question, result, p) in enumerate(zip(questions, results, adjusted, strict=True))
    ]
    return Comparisons(comparisons, left_out)


def _letter(index: int) -> str:
    return chr(ord("A") + index) if index < 26 else f"A{index}"


def _judge(question: Question, result: Paired) -> Judgement:
    judgement = judge(result, question.claimed)
    if question.claim or judgement.verdict is Verdict.UNKNOWN:
        return judgement
    return replace(judgement, reason="the whole interval is on one side of 0")
