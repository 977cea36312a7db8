"""What an extraction came to, in numbers and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pose.extraction.run import VideoOutcome

_COUNTS = ("frames", "people", "tracks", "mean_score", "missed")


def extraction_metrics(outcomes: Sequence[VideoOutcome], seconds: float) -> dict[str, float]:
    """Return sums over the videos: counts, the mean score of a person, and the seconds that all took."""
    rows = [outcome.row for outcome in outcomes if outcome.row is not None]
    totals = {name: float(sum(row[name] for row in rows)) for name in ("frames", "people", "tracks", "missed")}
    scores = sum(row["mean_score"] * row["people"] for row in rows)
    return {
        "videos": float(len(rows)),
        "broken": float(len(outcomes) - len(rows)),
        **totals,
        "mean_score": scores / max(totals["people"], 1.0),
        "seconds": seconds,
    }


def video_rows(outcomes: Sequence[VideoOutcome]) -> list[dict[str, Any]]:
    """Return a row a video: its name, fingerprint, fault, counts and seconds."""
    rows = []
    for outcome in outcomes:
        row = {"video": outcome.footage.name, "fingerprint": outcome.footage.video, "fault": outcome.fault}
        row |= {name: (outcome.row or {}).get(name, "") for name in _COUNTS}
        rows.append(row | {"seconds": round(outcome.seconds, 2)})
    return rows
