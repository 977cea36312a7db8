"""The answer on the terminal: a line a verdict, and where the page is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sweeps.report.comparisons import Answer, Answers
from sweeps.report.formatting import counted, signed, span
from sweeps.report.sweep_data import Sweep


def print_answer(sweep: Sweep, answers: Answers, power_line: str, files: Sequence[Path]) -> None:
    """Print what the runs say, claim by claim, and the paths of what was written."""
    total = len(sweep.jobs) + len(sweep.unfinished)
    print(f"Sweep {sweep.name}: {len(sweep.jobs)} of {counted(total, 'job')} finished.")
    for given in answers.all:
        print(verdict_line(given))
    for left in answers.left_out:
        print(f"left out: {left.what}: {left.why}")
    if power_line:
        print(power_line)
    print()
    for file in files:
        print(min(str(file), os.path.relpath(file), key=len))


def verdict_line(given: Answer) -> str:
    """One answer in one line."""
    question, result = given.question, given.result
    found = f"{signed(result.mean)} {question.unit}"
    interval = f" ({span(result.interval)})" if result.n > 1 else ""
    return f"{given.words.upper()}: {question.sentence}; {found}{interval}, {counted(result.n, 'pair')}"
