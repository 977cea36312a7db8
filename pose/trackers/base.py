"""What the options for following people have in common."""

from __future__ import annotations


def gap_in_frames(seconds: float, fps: float) -> int:
    """How many frames a person may be unseen."""
    return max(0, round(seconds * fps))
