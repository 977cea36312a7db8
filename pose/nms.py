"""Non-maximum suppression of poses: removes duplicates of one person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pose.errors import DataError
from pose.interfaces import Bools, Floats, Ints, Poses, Settings
from pose.oks import get_sigmas, oks_to, person_scores, take

_TINY = 1e-9  # pixels, of a box without width or height


@dataclass(frozen=True, slots=True)
class NoNms(Settings):
    """Keeps everybody, in the order in which they came."""

    kind = "none"

    def keep(self, poses: Poses) -> Poses:
        """Return the same people."""
        return poses


@dataclass(frozen=True, slots=True)
class OksNms(Settings):
    """Greedy suppression by object key point similarity: `oks_nms` of HRNet and MMPose.

    Args:
        threshold: object key point similarity, 0..1, above which two poses are one person.
        skeleton: layout of the joints.

    Example:
        >>> from pose.interfaces import Boxes
        >>> one = np.random.default_rng(0).uniform(0, 100, (17, 2))
        >>> boxes = Boxes(np.tile([0.0, 0.0, 100.0, 100.0], (3, 1)), np.array([0.7, 0.9, 0.8]))
        >>> poses = Poses(np.stack([one, one + 0.5, one[::-1]]), np.ones((3, 17)), boxes)
        >>> OksNms().keep(poses).boxes.scores
        array([0.9, 0.8])
    """

    kind = "oks"
    threshold: float = 0.9
    skeleton: str = "coco17"

    def keep(self, poses: Poses) -> Poses:
        """Return the people who remain, best first.

        Raises:
            DataError: the poses have another layout.
        """
        sigmas = _sigmas(poses, self.skeleton)
        # One row of similarities at a time: some networks find thousands where there is nobody.
        kept = _eliminate(person_scores(poses), lambda best, rest: oks_to(poses, best, rest, sigmas) > self.threshold)
        return take(poses, kept)


@dataclass(frozen=True, slots=True)
class SoftOksNms(Settings):
    """Soft suppression, which lowers scores by the similarity with better poses: `soft_oks_nms` of MMPose.

    A score is multiplied by exp(-OKS^2 / threshold), as in Soft-NMS with a Gaussian (Bodla et al., ICCV 2017).

    Args:
        threshold: width of the Gaussian; less takes more away.
        max_people: in a picture.
        min_score: 0..1 below which a person whose score was lowered goes; 0 for MMPose's own, which only counts.
        skeleton: layout of the joints.

    Example:
        >>> from pose.interfaces import Boxes
        >>> one = np.random.default_rng(0).uniform(0, 100, (17, 2))
        >>> boxes = Boxes(np.tile([0.0, 0.0, 100.0, 100.0], (3, 1)), np.array([0.7, 0.9, 0.8]))
        >>> poses = Poses(np.stack([one, one + 0.5, one[::-1]]), np.ones((3, 17)), boxes)
        >>> SoftOksNms(min_score=0.5).keep(poses).boxes.scores
        array([0.9, 0.8])
    """

    kind = "soft_oks"
    threshold: float = 0.9
    max_people: int = 20
    min_score: float = 0.05
    skeleton: str = "coco17"

    def keep(self, poses: Poses) -> Poses:
        """Return the people who remain with their original scores, by the lowered score, best first.

        Raises:
            DataError: the poses have another layout.
        """
        sigmas, scores, remaining = _sigmas(poses, self.skeleton), person_scores(poses), np.arange(len(poses))
        kept: list[int] = []
        while len(remaining) and len(kept) < self.max_people:
            best = int(remaining[np.argmax(scores[remaining])])
            if scores[best] < self.min_score and kept:
                break
            kept.append(best)
            remaining = remaining[remaining != best]
            scores[remaining] *= np.exp(-np.square(oks_to(poses, best, remaining, sigmas)) / self.threshold)
        return take(poses, np.array(kept, np.int64))


@dataclass(frozen=True, slots=True)
class ParametricNms(Settings):
    """Parametric pose NMS of AlphaPose: equation 1 of the paper, section 3.3 of RMPE (Fang et al., ICCV 2017).

    The settings are those of AlphaPose's code, which measures in tenths of a box as `unit=box` does.

    Args:
        sigma1: of the scores: tanh(score / sigma1) of a joint.
        sigma2: of the distances: exp(-distance^2 / sigma2) of a joint, in square units.
        weight: lambda, of the distances against the count of joints that match.
        eta: similarity from which the less sure pose goes; it is a sum over the joints, so fewer joints need less.
        box_fraction: of a person's box: size of the box around each joint, where the same joint of the other matches.
        unit: of the distances: "pixels" as the equation has it, or "box", `box_fraction` of the longer side of the
            person's box, so that large and small people are treated alike.

    Example:
        >>> from pose.interfaces import Boxes
        >>> one = np.random.default_rng(0).uniform(0, 100, (17, 2))
        >>> boxes = Boxes(np.tile([0.0, 0.0, 100.0, 100.0], (3, 1)), np.array([0.7, 0.9, 0.8]))
        >>> poses = Poses(np.stack([one, one + 0.5, one[::-1]]), np.ones((3, 17)), boxes)
        >>> ParametricNms().keep(poses).boxes.scores
        array([0.9, 0.8])
    """

    kind = "parametric"
    sigma1: float = 1.0
    sigma2: float = 2.65
    weight: float = 1.7
    eta: float = 22.48
    box_fraction: float = 0.1
    unit: Literal["box", "pixels"] = "box"

    def __post_init__(self) -> None:
        """Check the unit.

        Raises:
            DataError: there is no such unit.
        """
        if self.unit not in ("box", "pixels"):
            raise DataError(f"unit={self.unit}: use box or pixels")

    def keep(self, poses: Poses) -> Poses:
        """Return the people who remain, best first."""
        kept = _eliminate(person_scores(poses), lambda best, rest: self.similarity(poses, rest, best) >= self.eta)
        return take(poses, kept)

    def similarity(self, poses: Poses, some: Ints, reference: int) -> Floats:
        """Return equation 1 for poses P_i, each with its box B_i, and a better pose P_j: `[len(some)]`.

        K_sim(i, j) + lambda H_sim(i, j), with K_sim the sum of tanh(c_i / sigma1) tanh(c_j / sigma1) over joints of j
        within the box around the same joint of i, and H_sim the sum of exp(-|k_i - k_j|^2 / sigma2) over all joints.
        Joints that are not numbers match nothing.

        Args:
            poses: of everybody.
            some: numbers of poses.
            reference: number of the pose that they are compared with.
        """
        keypoints, boxes = np.asarray(poses.keypoints, np.float64), np.asarray(poses.boxes.xyxy[some], np.float64)
        offsets = keypoints[some] - keypoints[reference]
        found = np.isfinite(offsets.sum(axis=-1))
        offsets = np.where(found[..., None], offsets, 0)
        sizes = self.box_fraction * (boxes[:, 2:] - boxes[:, :2])
        inside = found & (np.abs(offsets) <= sizes[:, None] / 2).all(axis=-1)
        matching = (self._sure(poses.scores[some]) * self._sure(poses.scores[reference]) * inside).sum(axis=-1)
        unit = np.maximum(sizes.max(axis=1), _TINY) if self.unit == "box" else np.ones(len(sizes))
        squares = np.square(offsets).sum(axis=-1) / np.square(unit)[:, None]
        total: Floats = matching + self.weight * (np.exp(-squares / self.sigma2) * found).sum(axis=-1)
        return total

    def _sure(self, scores: Floats) -> Floats:
        return np.tanh(np.nan_to_num(np.asarray(scores, np.float64)) / self.sigma1)


def _eliminate(scores: Floats, like_best: Callable[[int, Ints], Bools]) -> Ints:
    """Take the best, drop those like it, and so on; equal scores in the order in which they came."""
    order, kept = np.argsort(-scores, kind="stable"), []
    while len(order):
        best, rest = int(order[0]), order[1:]
        kept.append(best)
        order = rest[~like_best(best, rest)]
    return np.array(kept, np.int64)


def _sigmas(poses: Poses, skeleton: str) -> Floats:
    sigmas = np.array(get_sigmas(skeleton))
    if len(sigmas) != poses.keypoints.shape[1]:
        raise DataError(
            f"the poses have {poses.keypoints.shape[1]} joints and {skeleton} has {len(sigmas)}: "
            "set `nms.skeleton` to the estimator's layout"
        )
    return sigmas
