"""One person found twice: which of the poses that are too much alike stay (non-maximum suppression)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from pose.errors import DataError
from pose.interfaces import Poses
from pose.oks import Floats, Ints, get_sigmas, oks_to, person_scores, take

_TINY = 1e-9  # pixels, of a box without width or height


@dataclass(frozen=True, slots=True)
class NoNms:
    """Everybody stays, in the order in which they came."""

    @property
    def identity(self) -> Mapping[str, object]:
        """Its name."""
        return {"name": "none"}

    def keep(self, poses: Poses) -> Poses:
        """The same people."""
        return poses


@dataclass(frozen=True, slots=True)
class OksNms:
    """The surest pose stays, those too much like it go, and so on: `oks_nms` of HRNet and MMPose.

    Args:
        threshold: object key point similarity, 0..1, above which two poses are one person.
        skeleton: layout of the joints.
    """

    threshold: float = 0.9
    skeleton: str = "coco17"

    @property
    def identity(self) -> Mapping[str, object]:
        """Name and settings."""
        return {"name": "oks", **asdict(self)}

    def keep(self, poses: Poses) -> Poses:
        """Who stays, the surest first.

        Raises:
            DataError: the poses have another layout.
        """
        sigmas = _sigmas(poses, self.skeleton)
        # One row of similarities at a time: some networks find thousands where there is nobody.
        kept = _eliminate(person_scores(poses), lambda best, rest: oks_to(poses, best, rest, sigmas) > self.threshold)
        return take(poses, kept)


@dataclass(frozen=True, slots=True)
class SoftOksNms:
    """Poses lose score by how much they are like a surer one: `soft_oks_nms` of MMPose.

    A score is multiplied by exp(-OKS^2 / threshold), as in Soft-NMS with a Gaussian (Bodla et al., ICCV 2017).

    Args:
        threshold: width of the Gaussian; less takes more away.
        max_people: in a picture.
        min_score: 0..1 below which a person whose score was lowered goes; 0 for MMPose's own, which only counts.
        skeleton: layout of the joints.
    """

    threshold: float = 0.9
    max_people: int = 20
    min_score: float = 0.05
    skeleton: str = "coco17"

    @property
    def identity(self) -> Mapping[str, object]:
        """Name and settings."""
        return {"name": "soft_oks", **asdict(self)}

    def keep(self, poses: Poses) -> Poses:
        """Who stays, with their scores as they came, by the lowered score and the surest first.

        Raises:
            DataError: the poses have another layout.
        """
        sigmas, scores, left = _sigmas(poses, self.skeleton), person_scores(poses), np.arange(len(poses))
        kept: list[int] = []
        while len(left) and len(kept) < self.max_people:
            best = int(left[np.argmax(scores[left])])
            if scores[best] < self.min_score and kept:
                break
            kept.append(best)
            left = left[left != best]
            scores[left] *= np.exp(-np.square(oks_to(poses, best, left, sigmas)) / self.threshold)
        return take(poses, np.array(kept, np.int64))


@dataclass(frozen=True, slots=True)
class ParametricNms:
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
    """

    sigma1: float = 1.0
    sigma2: float = 2.65
    weight: float = 1.7
    eta: float = 22.48
    box_fraction: float = 0.1
    unit: Literal["box", "pixels"] = "box"

    def __post_init__(self) -> None:
        """Checks the unit.

        Raises:
            DataError: there is no such unit.
        """
        if self.unit not in ("box", "pixels"):
            raise DataError(f"unit={self.unit}: use box or pixels")

    @property
    def identity(self) -> Mapping[str, object]:
        """Name and settings."""
        return {"name": "parametric", **asdict(self)}

    def keep(self, poses: Poses) -> Poses:
        """Who stays, the surest first."""
        kept = _eliminate(person_scores(poses), lambda best, rest: self.similarity(poses, rest, best) >= self.eta)
        return take(poses, kept)

    def similarity(self, poses: Poses, some: Ints, reference: int) -> Floats:
        """Equation 1 for some poses P_i that may go, each with its box B_i, and a surer one, P_j: `[len(some)]`.

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


def _eliminate(scores: Floats, like_best: Callable[[int, Ints], npt.NDArray[np.bool_]]) -> Ints:
    """Takes the surest, drops those like it, and so on; equal scores in the order in which they came."""
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
