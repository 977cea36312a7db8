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
class Answer:
    """What the runs say on a question.

    Attributes:
        question: with the differences.
        result: their statistics.
        judgement: the verdict and its reason.
        p_holm: the sign-flip test's p, adjusted for all questions of the report.
    """

    question: Question
    result: Paired
    judgement: Judgement
    p_holm: float

    @property
    def words(self) -> str:
        """The verdict: of a claim, whether it holds; of a comparison, which way it goes."""
        verdict = self.judgement.verdict
        if self.question.claim or verdict is Verdict.UNKNOWN:
            return str(verdict)
        return "better" if verdict is Verdict.HOLDS else "worse"


@dataclass(frozen=True)
class Answers:
    """All of them, and what was not asked."""

    claims: Sequence[Answer]
    comparisons: Sequence[Answer]
    left_out: Sequence[LeftOut]

    @property
    def all(self) -> list[Answer]:
        """Claims first."""
        return [*self.claims, *self.comparisons]


def answer(sweep: Sweep, metric: str, confidence: float, resamples: int) -> Answers:
    """Ask a sweep what it can tell.

    Args:
        sweep: as read.
        metric: what options are compared by.
        confidence: of every interval, in (0, 1).
        resamples: of the bootstrap over recordings.
    """
    questions, left_out = ask(sweep, metric, confidence, resamples)
    results = [compare_paired(question.differences, confidence, question.test_ratio) for question in questions]
    adjusted = holm([result.p_sign_flip for result in results])
    answers = [
        Answer(question, result, _judged(question, result), float(p))
        for question, result, p in zip(questions, results, adjusted, strict=True)
    ]
    return Answers(
        [given for given in answers if given.question.claim],
        [given for given in answers if not given.question.claim],
        left_out,
    )


def _judged(question: Question, result: Paired) -> Judgement:
    judgement = judge(result, question.claimed)
    if question.claim or judgement.verdict is Verdict.UNKNOWN:
        return judgement
    return replace(judgement, reason="the whole interval is on one side of 0")
