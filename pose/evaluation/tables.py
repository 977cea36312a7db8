"""Tables that compare estimators: one row each, one for each joint, one for each action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pose.evaluation.annotations import JOINTS, Picture
from pose.evaluation.average_precision import COLUMNS, average_precision
from pose.evaluation.joint_metrics import JointCounts, Reference, count_joints
from pose.evaluation.results import Results

RATES = ("PCK", "PCK_hidden", "swapped", "missed", "unfound")
SPEEDS = ("frames_per_s", "people_per_s")
_HEADERS = {
    **{name: name.replace("_", " ") for name in (*COLUMNS, *RATES)},
    "AP": "AP 0.5:0.95",
    "AP50": "AP 0.5",
    "AP75": "AP 0.75",
    "frames_per_s": "frames/s",
    "people_per_s": "people/s",
}


@dataclass(frozen=True, eq=False, slots=True)
class Compared:
    """One estimator's results and metrics.

    Args:
        results: what it found.
        precision: AP by the names of table 1's columns, 0..1.
        counts: of joints, picture by picture.
    """

    results: Results
    precision: dict[str, float]
    counts: JointCounts

    @property
    def row(self) -> dict[str, float]:
        """AP, shares and speeds, NaN for what is not known."""
        speeds = {name: self.results.speeds.get(name, np.nan) for name in SPEEDS}
        return {**self.precision, **self.counts.rates(), **speeds, "people": float(self.results.people)}

    @property
    def metrics(self) -> dict[str, float]:
        """All known values, for MLflow: `NAME/AP`, ..., `NAME/PCK/left_wrist`."""
        values = {**self.row, **{f"PCK/{joint}": share for joint, share in self.counts.pck().items()}}
        return {f"{self.results.name}/{key}": value for key, value in values.items() if np.isfinite(value)}


def measure(pictures: Sequence[Picture], results: Results, reference: Reference, min_score: float) -> Compared:
    """Compare one estimator's results with the annotations.

    Args:
        pictures: what is annotated.
        results: what was found, in the same order.
        reference: what PCK goes by.
        min_score: 0..1 below which a joint counts as missed.
    """
    counts = count_joints(pictures, results, reference, min_score)
    return Compared(results, average_precision(pictures, results), counts)


def summary_rows(compared: Sequence[Compared]) -> list[dict[str, object]]:
    """Return a row for each estimator; shares 0..1, "" for what is not known."""
    return [{"estimator": one.results.name, **_rounded(one.row)} for one in compared]


def joint_rows(compared: Sequence[Compared]) -> list[dict[str, object]]:
    """Return a row for each joint with its PCK, a column for each estimator."""
    shares = {one.results.name: one.counts.pck() for one in compared}
    return [
        {"joint": joint, **_rounded({name: of_joint[joint] for name, of_joint in shares.items()})} for joint in JOINTS
    ]


def action_rows(compared: Sequence[Compared]) -> list[dict[str, object]]:
    """Return a row for each action and estimator; no rows where no action is known."""
    actions = [str(action) for action in np.unique(compared[0].counts.actions) if action]
    parts = [(action, one.results.name, one.counts.of_action(action)) for action in actions for one in compared]
    return [
        {"action": action, "estimator": name, "people": len(part.found), **_rounded(part.rates())}
        for action, name, part in parts
    ]


def _rounded(values: dict[str, float]) -> dict[str, object]:
    return {name: round(value, 6) if np.isfinite(value) else "" for name, value in values.items()}


def markdown(compared: Sequence[Compared], pictures: Sequence[Picture], reference: Reference, min_score: float) -> str:
    """Return the table as Markdown, in percent as table 1 is, with the meaning of its columns below it."""
    counts = compared[0].counts
    people, joints, unmeasured = len(counts.found), int(counts.visible.sum()), int((~counts.measured).sum())
    names = [name for name in _HEADERS if any(np.isfinite(one.row[name]) for one in compared)]
    headers = {**_HEADERS, "PCK": reference.label}
    lines = [
        f"{len(pictures):,} pictures, {people:,} people, {joints:,} joints that are seen",
        "",
        "| estimator | " + " | ".join(headers[name] for name in names) + " |",
        "|---|" + "---:|" * len(names),
        *(
            f"| {one.results.name} | " + " | ".join(_cell(name, one.row[name]) for name in names) + " |"
            for one in compared
        ),
        "",
        "Percent, but for the speeds, which are without reading the pictures. PCK: joints that are seen, and found "
        "within that part of the person's length; hidden: of those that are annotated but not seen. Swapped: pairs "
        "that would both be right with left and right exchanged, and are not. Missed: joints that are seen, of people "
        f"whom nobody found or with a score below {min_score:g}. Unfound: people.",
    ]
    if unmeasured:
        lines.append(f"PCK and swapped leave out {unmeasured:,} people without that length.")
    return "\n".join(lines) + "\n"


def _cell(name: str, value: float) -> str:
    if not np.isfinite(value):
        return "-"
    return f"{value:.3g}" if name in SPEEDS else f"{100 * value:.1f}"
