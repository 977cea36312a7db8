"""Keep the single most confident person of each frame; no tracking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pose.errors import DataError
from pose.interfaces import Ints, Poses, Settings
from pose.oks import box_areas, person_scores


@dataclass(frozen=True, slots=True)
class BestPerson(Settings):
    """The best person of each frame; an option and, being stateless, its own tracker.

    Args:
        by: who is best: "score" (the surest box and joints) or "area" (the largest box).

    Example:
        >>> from pose.interfaces import Boxes
        >>> tracker = BestPerson().start(fps=30)
        >>> pose = np.random.default_rng(0).uniform(0, 100, (17, 2)).astype(np.float32)
        >>> for frame in range(2):
        ...     people = np.stack([pose + 300, pose])[:: 1 - 2 * frame] + frame  # in the other order the second time
        ...     boxes = Boxes(np.tile([0.0, 0.0, 100.0, 100.0], (2, 1)), np.array([0.9, 0.8]))
        ...     tracker.follow(frame, Poses(people, np.ones((2, 17)), boxes)).tolist()
        [0, -1]
        [0, -1]
    """

    kind = "none"
    by: Literal["score", "area"] = "score"

    def __post_init__(self) -> None:
        """Check the measure.

        Raises:
            DataError: there is no such measure.
        """
        if self.by not in ("score", "area"):
            raise DataError(f"`tracker.by`={self.by}: use score or area")

    def start(self, fps: float) -> BestPerson:
        """Return itself."""
        return self

    def follow(self, frame: int, poses: Poses) -> Ints:
        """Return 0 for the best person of a frame, the first of equals, and -1 for the others, `[N]`."""
        ids = np.full(len(poses), -1)
        if len(poses):
            ids[np.argmax(person_scores(poses) if self.by == "score" else box_areas(poses.boxes.xyxy))] = 0
        return ids
