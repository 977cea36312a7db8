"""The verdicts on the terminal, a line each, and where the page is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from sweeps.report.comparisons import Comparison, Comparisons
from sweeps.report.formatting import counted, signed, span
from sweeps.report.sweep_data import Sweep


def print_verdicts(sweep: Sweep, comparisons: Comparisons, power_line: str, files: Sequence[Path]) -> None:
    """Print what the runs say, claim by claim, and the paths of what was written."""
    print(f"Sweep {sweep.name}: {len(sweep.jobs)} of {counted(sweep.total, 'job')} finished.")
    for comparison in comparisons.all:
        print(verdict_line(comparison))
    for item in comparisons.left_out:
        print(f"left out: {item.what}: {item.why}")
    if power_line:
        print(power_line)
    print()
    for file in files:
        print(min(str(file), os.path.relpath(file), key=len))


def verdict_line(comparison: Comparison) -> str:
    """Return the verdict of a comparison in one line."""
    question, result = comparison.question, comparison.result
    interval = f" ({span(result.interval)})" if result.n > 1 else ""
    difference = f"{signed(result.mean)} {question.unit}{interval}"
    return f"{comparison.outcome.upper()}: {question.sentence}; {difference}, {counted(result.n, 'pair')}"
