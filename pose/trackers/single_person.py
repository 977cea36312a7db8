"""Nobody is followed: the one person of each frame who is most of a person is taken for the same all through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from pose.errors import DataError
from pose.interfaces import Poses
from pose.oks import box_areas, person_scores


@dataclass(frozen=True, slots=True)
class BestPerson:
    """An option and, as it remembers nothing, its own tracker.

    Args:
        by: who is best: "score" (the surest box and joints) or "area" (the largest box).
    """

    by: Literal["score", "area"] = "score"

    def __post_init__(self) -> None:
        """Checks the measure.

        Raises:
            DataError: there is no such measure.
        """
        if self.by not in ("score", "area"):
            raise DataError(f"`tracker.by`={self.by}: use score or area")

    @property
    def identity(self) -> Mapping[str, object]:
        """Name and settings."""
        return {"name": "none", **asdict(self)}

    def start(self, fps: float) -> BestPerson:
        """Itself."""
        return self

    def follow(self, frame: int, poses: Poses) -> npt.NDArray[np.int64]:
        """0 for the best person of a frame, the first of equals, and -1 for the others, `[N]`."""
        ids = np.full(len(poses), -1)
        if len(poses):
            ids[np.argmax(person_scores(poses) if self.by == "score" else box_areas(poses.boxes.xyxy))] = 0
        return ids
