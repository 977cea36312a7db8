"""COCO's average precision of key points, by pycocotools' own code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pose.coco_evaluation import evaluate_coco
from pose.evaluation.annotations import AnnotatedPeople, Picture
from pose.evaluation.results import Results

COLUMNS = ("AP", "AP50", "AP75", "AP_medium", "AP_large")
"""Table 1's: over OKS 0.5:0.95, at 0.5, at 0.75, of people of 32^2 to 96^2 square pixels, of larger ones."""


def average_precision(pictures: Sequence[Picture], results: Results) -> dict[str, float]:
    """Return the average precision in table 1's columns, 0..1; NaN where nobody of that size is annotated.

    A joint that was not found lies at 0, 0, as in the results that OpenPose and AlphaPose hand in.

    Args:
        pictures: what is annotated.
        results: what was found, in the same order.
    """
    detections = _detections(results)
    if not detections:  # pycocotools takes no empty list
        sizes = np.concatenate([picture.people.areas[picture.people.evaluated] for picture in pictures])
        there = (True, True, True, ((sizes > 32**2) & (sizes < 96**2)).any(), (sizes > 96**2).any())
        return {name: 0.0 if found else np.nan for name, found in zip(COLUMNS, there, strict=True)}
    stats = evaluate_coco(_dataset(pictures), detections, "keypoints").stats
    values = [float(value) if value >= 0 else np.nan for value in stats[: len(COLUMNS)]]
    return dict(zip(COLUMNS, values, strict=True))


def _dataset(pictures: Sequence[Picture]) -> dict[str, Any]:
    """Return pictures and people in COCO's format; numbers begin at 1, as pycocotools takes 0 for nobody."""
    people = [(number, picture.people, row) for number, picture in enumerate(pictures, 1) for row in _rows(picture)]
    return {
        "images": [{"id": number} for number, _ in enumerate(pictures, 1)],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [{"id": id, **_annotation(*person)} for id, person in enumerate(people, 1)],
    }


def _rows(picture: Picture) -> range:
    return range(len(picture.people))


def _annotation(image: int, people: AnnotatedPeople, row: int) -> dict[str, Any]:
    low, high = people.boxes[row, :2], people.boxes[row, 2:]
    triples = np.concatenate([people.keypoints[row], people.visible[row, :, None]], axis=1)
    return {
        "image_id": image,
        "category_id": 1,
        "keypoints": triples.astype(np.float64).ravel().tolist(),
        "num_keypoints": int((people.visible[row] > 0).sum()),
        "bbox": np.concatenate([low, high - low]).tolist(),
        "area": float(people.areas[row]),
        "iscrowd": int(people.crowd[row]),
    }


def _detections(results: Results) -> list[dict[str, Any]]:
    found = []
    for image, (poses, ranks) in enumerate(zip(results.poses, results.ranks, strict=True), 1):
        keypoints = np.nan_to_num(np.asarray(poses.keypoints, np.float64))
        triples = np.concatenate([keypoints, poses.scores[..., None]], axis=2).reshape(len(poses), 51)
        found += [
            {"image_id": image, "category_id": 1, "keypoints": row.tolist(), "score": float(rank)}
            for row, rank in zip(triples, ranks, strict=True)
        ]
    return found
