"""Tracking by pose similarity: from frame to frame the pairs with the greatest similarity in sum are one person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose.errors import DataError
from pose.interfaces import Floats, Ints, Poses, Settings
from pose.interpolation import find_missing
from pose.oks import box_areas, get_sigmas, oks
from pose.trackers.association import Association, gap_in_frames


@dataclass(frozen=True, slots=True)
class OksTracking(Settings):
    """Pose flow by object key point similarity, as in Xiao et al., "Simple Baselines", ECCV 2018, section 3.

    A pose is expected where the person's speed so far would carry it, and else where it was seen last; pairs are chosen
    by the Hungarian method.

    Args:
        max_gap: seconds that a person may be unseen, alone or among others; after more it counts as another.
        min_similarity: OKS, above 0, below which two poses are never the same person.
        skeleton: layout of the joints.

    Example:
        >>> from pose.interfaces import Boxes
        >>> tracker = OksTracking().start(fps=30)
        >>> pose = np.random.default_rng(0).uniform(0, 100, (17, 2)).astype(np.float32)
        >>> for frame in range(2):
        ...     people = np.stack([pose + 300, pose])[:: 1 - 2 * frame] + frame  # in the other order the second time
        ...     boxes = Boxes(np.tile([0.0, 0.0, 100.0, 100.0], (2, 1)), np.array([0.9, 0.8]))
        ...     tracker.follow(frame, Poses(people, np.ones((2, 17)), boxes)).tolist()
        [0, 1]
        [1, 0]
    """

    kind = "oks"
    max_gap: float = 1.0
    min_similarity: float = 0.3
    skeleton: str = "coco17"

    def __post_init__(self) -> None:
        """Check the similarity.

        Raises:
            DataError: everybody would be like everybody.
        """
        if not 0 < self.min_similarity <= 1:
            raise DataError(f"`tracker.min_similarity`={self.min_similarity}: use a number above 0, at most 1")

    def start(self, fps: float) -> OksTracker:
        """Return a fresh tracker."""
        return OksTracker(self, fps)


class OksTracker(Association):
    """The tracker of one video."""

    def __init__(self, options: OksTracking, fps: float) -> None:
        self.identity = options.identity
        self._sigmas = np.array(get_sigmas(options.skeleton))
        super().__init__(gap_in_frames(options.max_gap, fps), options.min_similarity, len(self._sigmas))

    def follow(self, frame: int, poses: Poses) -> Ints:
        """Return the track number of each person in a frame, `[N]`; new ones where nobody fits.

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
        return self._associate(frame, keypoints, box_areas(poses.boxes.xyxy))

    def _similarity(self, expected: Floats, places: Floats, areas: Floats) -> Floats:
        return oks(expected, places, areas, self._sigmas)

    def _steps(self, before: Floats, after: Floats) -> Floats:
        steps: Floats = np.nanmean(after - before, axis=1)  # people who are alike have a joint in common
        return steps
