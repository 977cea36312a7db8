"""One file of AI-Hub's labels; `pose.readers.aihub` describes the format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pose.boxes import key_point_boxes, overlaps
from pose.errors import DataError
from pose.interfaces import Array, Ints
from pose.io.checked_json import LARGEST, read_json, read_triples

LABEL_FILE = re.compile(r"(?P<name>(?P<recording>(?P<action>\d+)-\d+_\d+)-(?P<camera>C\d+))_2D\.json")


@dataclass(frozen=True, eq=False, slots=True)
class LabelFile:
    """One camera's labels of one take, with frames as they are numbered in the file.

    Args:
        path: where it is.
        image_numbers: of all frames that have a picture or a label, ascending.
        frames: `[N]` of each labelled person, ascending.
        keypoints: `[N, 16, 2]` pixels, NaN where missing.
        scores: `[N, 16]` 1 for a labelled joint, else 0.
        boxes: `[N, 4]` x1, y1, x2, y2.
        image_size: width and height in pixels, 0 where the file does not say it.
    """

    path: Path
    image_numbers: Ints
    frames: Ints
    keypoints: Array
    scores: Array
    boxes: Array
    image_size: tuple[int, int]


def read_label_file(path: Path) -> LabelFile:
    """Read one file; persons without any labelled joint are dropped.

    Raises:
        DataError: it is not in AI-Hub's layout.
    """
    images, annotations = _lists(path)
    frames = _numbers(annotations, "annotations", path)
    order = np.argsort(frames, kind="stable")
    frames, annotations = frames[order], [annotations[index] for index in order]
    keypoints, scores = np.empty((0, 16, 2), np.float32), np.empty((0, 16), np.float32)
    if annotations:
        rows = [annotation.get("keypoints") for annotation in annotations]
        keypoints, scores = read_triples(rows, (16,), lambda row: f"{path}: keypoints of img_no {frames[row]}")
    seen = np.flatnonzero((scores > 0).any(axis=1))
    return LabelFile(
        path=path,
        image_numbers=np.union1d(_numbers(images, "images", path), frames),
        frames=frames[seen],
        keypoints=keypoints[seen],
        scores=scores[seen],
        boxes=_boxes([annotations[index] for index in seen], keypoints[seen]),
        image_size=_size(images),
    )


def _lists(path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    content = read_json(path)
    found = []
    for key in ("images", "annotations"):
        entries = content.get(key) if isinstance(content, dict) else None
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise DataError(f"{path} has no list '{key}': it is not one of AI-Hub's label files, take it away")
        found.append(entries)
    return found[0], found[1]


def _numbers(entries: list[dict[str, Any]], key: str, path: Path) -> Ints:
    """Return the `img_no` of each entry, by which images and annotations are joined: the lists differ in length."""
    try:
        return np.array([int(entry["img_no"]) for entry in entries], np.int64)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise DataError(f"{path}: an entry of '{key}' has no whole number img_no: take it, or the file, away") from None


def _boxes(annotations: list[dict[str, Any]], keypoints: Array) -> Array:
    """Return boxes as corners, from x1, y1, x2, y2 or x, y, width, height, whichever fits the joints."""
    around = key_point_boxes(keypoints)
    try:
        given = np.array([annotation["bbox"] for annotation in annotations], np.float64).reshape(len(annotations), 4)
    except (KeyError, TypeError, ValueError, OverflowError):
        return around
    with_size = np.concatenate([given[:, :2], given[:, :2] + given[:, 2:]], axis=1)
    best = max((given, with_size), key=lambda boxes: _fit(boxes, around))
    return best.astype(np.float32) if (np.abs(best) <= LARGEST).all() else around


def _fit(boxes: npt.NDArray[np.float64], around: Array) -> float:
    """Return the sum of the overlaps of boxes with those around the joints."""
    return float(sum(overlaps(boxes[row : row + 1], around[row : row + 1])[0, 0] for row in range(len(boxes))))


def _size(images: list[dict[str, Any]]) -> tuple[int, int]:
    """Return width and height of the pictures, zeros where the file does not have them."""
    sizes = [(image.get("width"), image.get("height")) for image in images]
    width, height = next((size for size in sizes if all(isinstance(side, int) for side in size)), (0, 0))
    return int(width or 0), int(height or 0)
