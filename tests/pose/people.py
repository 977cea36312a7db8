"""Poses of people in any place, as an estimator would give them."""

from __future__ import annotations

import numpy as np

from pose.boxes import key_point_boxes
from pose.interfaces import Boxes, Poses


def standing(x: float, y: float, height: float) -> np.ndarray:
    """COCO's 17 joints of somebody who stands with the head at (x, y), `[17, 2]` pixels."""
    across = [0, 2, -2, 4, -4, 10, -10, 14, -14, 15, -15, 6, -6, 7, -7, 7, -7]
    down = [0, -2, -2, -1, -1, 12, 12, 28, 28, 43, 43, 46, 46, 68, 68, 90, 90]
    shape = np.array([across, down], np.float64).T
    return shape * height / 92 + (x, y)


def poses(keypoints: np.ndarray, scores: np.ndarray | float = 0.9, box_scores: np.ndarray | float = 0.9) -> Poses:
    """People with these joints `[N, 17, 2]`, in the boxes around them."""
    keypoints = np.asarray(keypoints, np.float32).reshape(-1, 17, 2)
    of_joints = np.broadcast_to(np.asarray(scores, np.float32), keypoints.shape[:2]).copy()
    of_boxes = np.broadcast_to(np.asarray(box_scores, np.float32), keypoints.shape[:1]).copy()
    return Poses(keypoints, of_joints, Boxes(key_point_boxes(keypoints), of_boxes))


def crowd(count: int, copies: int, seed: int) -> Poses:
    """People at random, each found several times: a little elsewhere, and with other scores."""
    draw = np.random.default_rng(seed)
    people = [standing(*draw.uniform((0, 0, 60), (600, 300, 250))) for _ in range(count)]
    near = [one + draw.normal(0, draw.uniform(0, 12), (17, 2)) for one in people for _ in range(copies)]
    keypoints = np.array(near)[draw.permutation(count * copies)]
    total = len(keypoints)
    return poses(keypoints, draw.uniform(0.21, 1, (total, 17)), draw.uniform(0.1, 1, total))
