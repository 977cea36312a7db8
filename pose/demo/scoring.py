"""Accuracy of boxes and key points, measured against drawn people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pose.boxes import overlaps
from pose.coco_evaluation import evaluate_coco
from pose.interfaces import Array, Bools, Boxes, Ints
from pose.rendering.coco import annotate
from pose.rendering.picture import Truth
from pose.skeletons import get_skeleton

MIRROR = np.array(get_skeleton("coco17").mirror)
HALF_A_HEAD = 0.5
OVERLAP = 0.5


@dataclass(frozen=True, eq=False, slots=True)
class PersonOutcome:
    """How well one person was found.

    Args:
        action: what is done.
        visible: `[17]` as in `Truth`.
        found: whether a box was matched to the person.
        correct: `[17]` whether the joint is within half a head's length of the truth.
        swapped: `[17]` whether it is not, but is within half a head's length of the mirrored joint.
    """

    action: str
    visible: Ints
    found: bool
    correct: Bools
    swapped: Bools


def match(boxes: Boxes, people: Sequence[Truth]) -> Ints:
    """Match boxes to people: the best-scored box first, each takes the remaining person that it overlaps most.

    Args:
        boxes: found.
        people: everybody in the picture.

    Returns:
        `[len(people)]` index of each person's box, -1 where none overlaps by an intersection over union of 0.5.
    """
    owner = np.full(len(people), -1)
    if not people:
        return owner
    similarity = overlaps(boxes.xyxy, np.stack([person.box for person in people]))
    for box in np.argsort(-boxes.scores, kind="stable"):
        overlap = np.where(owner < 0, similarity[box], 0)
        person = int(overlap.argmax())
        if overlap[person] >= OVERLAP:
            owner[person] = box
    return owner


def judge(person: Truth, keypoints: Array | None) -> PersonOutcome:
    """Compare the key points `[17, 2]` of one person with the truth; None where no box was matched."""
    none = np.zeros(17, dtype=bool)
    if keypoints is None:
        return PersonOutcome(person.action, person.visible, False, none, none)
    near = HALF_A_HEAD * person.head
    correct = np.linalg.norm(keypoints - person.keypoints, axis=1) <= near
    mirrored = np.linalg.norm(keypoints - person.keypoints[MIRROR], axis=1) <= near
    return PersonOutcome(person.action, person.visible, True, correct, ~correct & mirrored & (np.arange(17) != MIRROR))


def box_ap(found: Sequence[Boxes], people: Sequence[Sequence[Truth]]) -> float:
    """Return the average precision of boxes at an intersection over union of 0.5, by pycocotools, in 0..1.

    Args:
        found: boxes of each picture.
        people: who is in it; those of whom hardly anything is seen neither count nor make a box wrong.
    """
    number = iter(range(1, 10**9))
    dataset = {
        "images": [{"id": image} for image in range(len(people))],
        "annotations": [
            annotate(person, next(number), image) for image, those in enumerate(people) for person in those
        ],
        "categories": [{"id": 1, "name": "person"}],
    }
    evaluation = evaluate_coco(dataset, _results(found), "bbox", np.array([OVERLAP]))
    # [thresholds, recalls, categories, areas, most detections]: all areas, and the most of 1, 10 and 100
    return float(evaluation.eval["precision"][0, :, 0, 0, -1].mean())


def _results(found: Sequence[Boxes]) -> npt.NDArray[np.float64]:
    """Return rows of picture, x, y, width, height, score, category."""
    rows = [
        np.column_stack(
            [
                np.full(len(boxes), image),
                boxes.xyxy[:, :2],
                boxes.xyxy[:, 2:] - boxes.xyxy[:, :2],
                boxes.scores,
                np.ones(len(boxes)),
            ]
        )
        for image, boxes in enumerate(found)
    ]
    return np.concatenate(rows).astype(np.float64)
