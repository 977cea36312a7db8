"""The settings chosen by validation before the comparison."""

from __future__ import annotations

from sweeps.report.document import Block, Bullets, Heading, Table, Text
from sweeps.report.formatting import plain
from sweeps.report.tuning import Tuning
from sweeps.results.overrides import short_names


def tuning_section(tuning: Tuning | None) -> list[Block]:
    """Return all values that were tried, with their validation scores, and which of them are compared."""
    if tuning is None:
        return []
    keys = " and ".join(short_names(list(tuning.keys)))
    heading = Heading("Each at its best")
    if tuning.problem:
        return [heading, Text(f"**Nothing was tuned:** {tuning.problem}. Below, all values are compared as they are.")]
    rows = [
        (
            *candidate.setting,
            *candidate.values,
            plain(candidate.score, 4),
            str(candidate.runs),
            "compared" if candidate.chosen else "",
        )
        for candidate in sorted(tuning.candidates, key=lambda candidate: candidate.setting)
    ]
    names = short_names([*tuning.others, *tuning.keys])
    columns = (*names, f"best {tuning.monitor}", "runs", "")
    text = (
        f"Of each setting the {keys} was chosen whose runs have the best {tuning.monitor}, on average over seeds, each "
        "run at its best epoch. The test part had no say. Everything below is about the chosen runs only. A value one "
        "of whose runs is missing has no score."
    )
    edges = [
        f"{', '.join([*candidate.setting, *candidate.values])}: the chosen {keys} is at the edge of what was tried; "
        "a better one may lie outside."
        for candidate in tuning.candidates
        if candidate.at_edge
    ]
    return [heading, Text(text), *([Bullets(edges)] if edges else []), Table(columns, rows, labels=len(names))]
