"""Results of an estimator, run here or read from another tool's file, on the annotated pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pose.interfaces import Boxes, Poses
from pose.oks import take

COUNTED = 20  # people in a picture, pycocotools' maxDets of key points


@dataclass(frozen=True, eq=False, slots=True)
class Results:
    """Results of one estimator.

    Args:
        name: of it.
        poses: in each picture, key points in the order of coco17, NaN where not found.
        ranks: `[N]` in each picture: confidence of each person, in any unit; the highest count first.
        seconds: that finding them took, without reading the pictures; NaN where that is not known.
    """

    name: str
    poses: Sequence[Poses]
    ranks: Sequence[npt.NDArray[np.float64]]
    seconds: float = np.nan

    def surest(self, picture: int) -> Poses:
        """Return the 20 best-ranked people of a picture, as COCO's evaluation counts; best last, to be drawn on top."""
        rows = np.argsort(-self.ranks[picture], kind="stable")[:COUNTED]
        return take(self.poses[picture], rows[::-1])

    @property
    def people(self) -> int:
        """Number of people found."""
        return sum(map(len, self.poses))

    @property
    def speeds(self) -> dict[str, float]:
        """`frames_per_s` and `people_per_s`; empty where the time is not known."""
        if not self.seconds > 0:
            return {}
        return {"frames_per_s": len(self.poses) / self.seconds, "people_per_s": self.people / self.seconds}


def nobody() -> Poses:
    """Return poses of nobody."""
    keypoints = np.empty((0, 17, 2), np.float32)
    return Poses(keypoints, keypoints[..., 0], Boxes(np.empty((0, 4), np.float32), np.empty(0, np.float32)))
