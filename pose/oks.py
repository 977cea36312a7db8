"""Object key point similarity (OKS) of two poses, the scale by which COCO scores key points.

COCO data set, "Keypoint Evaluation": OKS = sum_v exp(-d_v^2 / (2 s^2 k_v^2)) / V, with d_v the distance of joint v in
both poses, s^2 the person's area and k_v = 2 sigma_v, where sigma_v is how far annotators differ at that joint.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from pose.errors import DataError
from pose.interfaces import Bools, Boxes, Floats, Ints, Poses
from pose.skeletons import get_skeleton

# Of COCO's own 17 joints as pycocotools has them, of the others as MMPose has them for Halpe's 26.
_SIGMAS = {
    "nose": 0.026,
    "eye": 0.025,
    "ear": 0.035,
    "shoulder": 0.079,
    "elbow": 0.072,
    "wrist": 0.062,
    "hip": 0.107,
    "knee": 0.087,
    "ankle": 0.089,
    "head": 0.026,
    "head_top": 0.026,
    "neck": 0.026,
    "thorax": 0.026,
    "mid_hip": 0.066,
    "pelvis": 0.066,
    "big_toe": 0.079,
    "small_toe": 0.079,
    "heel": 0.079,
}
_MIN_SCORE = 0.2  # score from which a joint counts for its person's, as in MMPose's CocoMetric


@cache
def get_sigmas(skeleton: str) -> tuple[float, ...]:
    """Return the annotators' deviation at each joint of a layout, V shares of the square root of a person's area.

    Raises:
        DataError: nothing is known of some joint of it.

    Example:
        >>> get_sigmas("coco17")[:3]
        (0.026, 0.025, 0.025)
    """
    layout = get_skeleton(skeleton)
    # Halpe calls the middle of both hips the hip.
    names = [_without_side("mid_hip" if joint == "hip" else joint) for joint in layout.joints]
    unknown = [joint for name, joint in zip(names, layout.joints, strict=True) if name not in _SIGMAS]
    if unknown:
        raise DataError(f"skeleton '{skeleton}': no OKS sigma is known for {unknown[0]}; use coco17")
    return tuple(_SIGMAS[name] for name in names)


def _without_side(joint: str) -> str:
    return joint.removeprefix("left_").removeprefix("right_")


def oks(first: Floats, second: Floats, areas: Floats, sigmas: Floats, counted: Bools | None = None) -> Floats:
    """Return the OKS of every pose with every other.

    Args:
        first: `[N, V, 2]` pixels.
        second: `[M, V, 2]` pixels.
        areas: what broadcasts to `[N, M]`, square pixels: of the annotated person (`[N, 1]`), or of both.
        sigmas: `[V]`.
        counted: what broadcasts to `[N, M, V]`: joints that count, as those that are annotated; None for all.

    Returns:
        `[N, M]` float64 in 0..1, 0 where no joint counts. A joint that is not a number in one of the two never counts.

    Example:
        >>> pose = np.array([[10.0, 10.0], [20.0, 30.0]])
        >>> oks(pose[None], np.stack([pose, pose + 5]), np.array([[1000.0]]), np.array([0.1, 0.1])).round(3)
        array([[1.   , 0.535]])
    """
    distances = np.square(np.asarray(first, np.float64)[:, None] - second[None]).sum(axis=-1)
    seen = np.isfinite(distances) if counted is None else np.isfinite(distances) & counted
    scale = (
        2 * np.square(2 * np.asarray(sigmas, np.float64)) * (np.asarray(areas, np.float64) + np.spacing(1))[..., None]
    )
    alike = np.exp(-np.where(seen, distances, 0) / scale) * seen
    total: Floats = alike.sum(axis=-1) / np.maximum(seen.sum(axis=-1), 1)
    return total


def oks_to(poses: Poses, one: int, others: Ints, sigmas: Floats) -> Floats:
    """Return the OKS of one person with some others of the same picture, `[len(others)]`.

    On the mean area of both, as MMPose's oks_nms has it.
    """
    areas = box_areas(poses.boxes.xyxy[others])
    own = box_areas(poses.boxes.xyxy[one : one + 1])
    alike: Floats = oks(poses.keypoints[one : one + 1], poses.keypoints[others], (own + areas)[None] / 2, sigmas)[0]
    return alike


def box_areas(boxes: Floats) -> Floats:
    """Return the areas `[N]` of boxes `[N, 4]` x1, y1, x2, y2, float64.

    Example:
        >>> box_areas(np.array([[0.0, 0.0, 2.0, 3.0]]))
        array([6.])
    """
    size = np.asarray(boxes[:, 2:], np.float64) - boxes[:, :2]
    areas: Floats = np.maximum(size, 0).prod(axis=1)
    return areas


def person_scores(poses: Poses) -> Floats:
    """Return the confidence of each person with their pose, `[N]` float64 in 0..1.

    The box's score times the mean of the joints that score above 0.2, as MMPose's CocoMetric ranks people.

    Example:
        >>> poses = Poses(np.zeros((1, 2, 2)), np.array([[0.9, 0.1]]), Boxes(np.zeros((1, 4)), np.array([0.5])))
        >>> person_scores(poses)
        array([0.45])
    """
    scores = np.asarray(poses.scores, np.float64)
    sure = scores > _MIN_SCORE
    means = np.where(sure, scores, 0).sum(axis=1) / np.maximum(sure.sum(axis=1), 1)
    total: Floats = means * poses.boxes.scores
    return total


def take(poses: Poses, rows: Ints) -> Poses:
    """Return some of the people, in the order of `rows`."""
    boxes = Boxes(poses.boxes.xyxy[rows], poses.boxes.scores[rows])
    return Poses(poses.keypoints[rows], poses.scores[rows], boxes)
