"""Common code of the trackers."""

from __future__ import annotations


def gap_in_frames(seconds: float, fps: float) -> int:
    """Return the number of frames for which a person may be unseen."""
    return max(0, round(seconds * fps))
