"""What the options for following people have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pose.found import Tracker


class Tracking(Protocol):
    """A way to follow people; a tracker remembers, so each video gets a fresh one."""

    @property
    def identity(self) -> Mapping[str, object]:
        """Whatever its results depend on, as plain values for JSON."""

    def start(self, fps: float) -> Tracker:
        """A tracker that has seen nobody yet, for a video of `fps` frames a second."""


def gap_in_frames(seconds: float, fps: float) -> int:
    """How many frames a person may be unseen."""
    return max(0, round(seconds * fps))
