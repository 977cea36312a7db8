"""People followed by their poses: from frame to frame the pairs with the greatest similarity in sum are one person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from pose.errors import DataError
from pose.interfaces import Poses
from pose.interpolation import find_missing
from pose.oks import Floats, box_areas, get_sigmas, oks
from pose.trackers.base import gap_in_frames

Ints = npt.NDArray[np.int64]

_SMOOTHING = 0.4  # weight of the newest step in a person's speed, as in pose/readers/overlap_tracking.py


@dataclass(frozen=True, slots=True)
class OksTracking:
    """Pose flow by object key point similarity, as in Xiao et al., "Simple Baselines", ECCV 2018, section 3.

    A pose is expected where the person's speed so far would carry it, and else where it was seen last; pairs are chosen
    by the Hungarian method.

    Args:
        max_gap: seconds that a person may be unseen, alone or among others; after more it counts as another.
        min_similarity: OKS, above 0, below which two poses are never the same person.
        skeleton: layout of the joints.
    """

    max_gap: float = 1.0
    min_similarity: float = 0.3
    skeleton: str = "coco17"

    def __post_init__(self) -> None:
        """Checks the similarity.

        Raises:
            DataError: everybody would be like everybody.
        """
        if not 0 < self.min_similarity <= 1:
            raise DataError(f"`tracker.min_similarity`={self.min_similarity}: use a number above 0, at most 1")

    @property
    def identity(self) -> Mapping[str, object]:
        """Name and settings."""
        return {"name": "oks", **asdict(self)}

    def start(self, fps: float) -> OksTracker:
        """A fresh tracker."""
        return OksTracker(self, fps)


class OksTracker:
    """Who has been seen until now in one video."""

    def __init__(self, options: OksTracking, fps: float) -> None:
        self.identity = options.identity
        self._max_gap = gap_in_frames(options.max_gap, fps)
        self._min_similarity = options.min_similarity
        self._sigmas = np.array(get_sigmas(options.skeleton))
        self._count = 0
        self._ids = np.empty(0, np.int64)
        self._seen = np.empty(0, np.int64)  # the frame
        self._areas = np.empty(0)
        self._keypoints = np.empty((0, len(self._sigmas), 2))  # NaN where not found
        self._speeds = np.empty((0, 1, 2))  # pixels a frame

    def follow(self, frame: int, poses: Poses) -> Ints:
        """The number of each person in a frame, `[N]`; new ones where nobody fits.

        Raises:
            DataError: the poses have another layout than the option's.
        """
        if poses.keypoints.shape[1] != len(self._sigmas):
            raise DataError(
                f"the poses have {poses.keypoints.shape[1]} joints, not {len(self._sigmas)}: "
                "set `tracker.skeleton` to the estimator's layout"
            )
        keypoints = np.asarray(poses.keypoints, np.float64).copy()
        keypoints[find_missing(keypoints, poses.scores)] = np.nan
        areas = box_areas(poses.boxes.xyxy)
        self._keep(frame - self._seen <= self._max_gap + 1)
        person_of = np.full(len(poses), -1)
        free = np.ones(len(self._ids), np.bool_)
        ahead = self._speeds * (frame - self._seen)[:, None, None]
        self._match(self._keypoints + ahead, keypoints, areas, person_of, free)
        self._match(self._keypoints, keypoints, areas, person_of, free)
        self._learn(frame, keypoints, areas, person_of)
        ids: Ints = self._ids[person_of]
        return ids

    def _keep(self, people: npt.NDArray[np.bool_]) -> None:
        if people.all():
            return
        self._ids, self._seen, self._areas = self._ids[people], self._seen[people], self._areas[people]
        self._keypoints, self._speeds = self._keypoints[people], self._speeds[people]

    def _match(
        self, expected: Floats, keypoints: Floats, areas: Floats, person_of: Ints, free: npt.NDArray[np.bool_]
    ) -> None:
        """Fills in who is where, for the poses without a person and the people who are still free."""
        from scipy.optimize import linear_sum_assignment

        poses, people = np.flatnonzero(person_of < 0), np.flatnonzero(free)
        if not len(poses) or not len(people):
            return
        mean_areas = (self._areas[people, None] + areas[None, poses]) / 2
        alike = oks(expected[people], keypoints[poses], mean_areas, self._sigmas)
        alike[alike < self._min_similarity] = 0
        rows, columns = linear_sum_assignment(alike, maximize=True)
        good = alike[rows, columns] > 0
        person_of[poses[columns[good]]] = people[rows[good]]
        free[people[rows[good]]] = False

    def _learn(self, frame: int, keypoints: Floats, areas: Floats, person_of: Ints) -> None:
        """Takes over where everybody is now, and makes a person of each who is new."""
        for pose in np.flatnonzero(person_of >= 0):
            person = person_of[pose]
            both = np.isfinite(keypoints[pose] + self._keypoints[person]).all(axis=-1)
            moved = (keypoints[pose] - self._keypoints[person])[both].mean(axis=0) / (frame - self._seen[person])
            self._speeds[person] += _SMOOTHING * (moved - self._speeds[person])
        known = person_of >= 0
        people = person_of[known]
        self._keypoints[people], self._areas[people], self._seen[people] = keypoints[known], areas[known], frame
        new = np.flatnonzero(~known)
        person_of[new] = len(self._ids) + np.arange(len(new))
        self._ids = np.concatenate([self._ids, self._count + np.arange(len(new))])
        self._count += len(new)
        self._seen = np.concatenate([self._seen, np.full(len(new), frame)])
        self._areas = np.concatenate([self._areas, areas[new]])
        self._keypoints = np.concatenate([self._keypoints, keypoints[new]])
        self._speeds = np.concatenate([self._speeds, np.zeros((len(new), 1, 2))])
