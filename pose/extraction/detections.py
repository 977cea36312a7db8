"""The people found in a stretch of footage, and their file format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pose.errors import DataError
from pose.interfaces import Array, Boxes, Poses
from pose.io.atomic import write_atomically

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False, slots=True)
class Detections:
    """N detections of persons, in the order of the frames.

    Args:
        frames: `[N]` number of the frame, ascending.
        keypoints: `[N, V, 2]` pixels.
        scores: `[N, V]` in 0..1.
        boxes: `[N, 4]` x1, y1, x2, y2.
        box_scores: `[N]` in 0..1.
    """

    frames: Ints
    keypoints: Array
    scores: Array
    boxes: Array
    box_scores: Array

    def __len__(self) -> int:
        return len(self.frames)

    @classmethod
    def of(cls, numbers: Sequence[int], found: Sequence[Poses], num_joints: int) -> Detections:
        """Join the poses of single frames.

        Args:
            numbers: of the frames.
            found: in each of them.
            num_joints: V, for frames in which nobody was found.
        """
        counts = [len(poses) for poses in found]
        keypoints = np.empty((0, num_joints, 2), np.float32)
        none = Poses(keypoints, keypoints[..., 0], Boxes(np.empty((0, 4), np.float32), np.empty(0, np.float32)))
        found = [none, *found]
        return cls(
            frames=np.repeat(np.asarray(numbers, np.int32), counts),
            keypoints=np.concatenate([poses.keypoints for poses in found]).astype(np.float32),
            scores=np.concatenate([poses.scores for poses in found]).astype(np.float32),
            boxes=np.concatenate([poses.boxes.xyxy for poses in found]).astype(np.float32),
            box_scores=np.concatenate([poses.boxes.scores for poses in found]).astype(np.float32),
        )

    @classmethod
    def joined(cls, pieces: Sequence[Detections]) -> Detections:
        """Join at least one set of detections, in order."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.concatenate([getattr(part, name) for part in pieces]) for name in names})

    def in_frame(self, rows: slice) -> Poses:
        """Return the people of one frame, or of any rows that follow each other."""
        return Poses(self.keypoints[rows], self.scores[rows], Boxes(self.boxes[rows], self.box_scores[rows]))


def write_detections(path: Path, people: Detections, notes: dict[str, Any], **more: npt.NDArray[Any]) -> None:
    """Write detections as one safetensors file.

    Args:
        path: of the file.
        people: the arrays.
        notes: plain values kept in the file's header, under one key: of several the order is not always the same.
        **more: arrays besides.
    """
    from safetensors.numpy import save

    arrays = {field.name: getattr(people, field.name) for field in fields(people)} | more
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    write_atomically(path, save(contiguous, {"notes": json.dumps(notes, sort_keys=True)}))


def read_detections(path: Path) -> tuple[Detections, dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Read what `write_detections` wrote: detections, notes and further arrays.

    Raises:
        DataError: it is no such file.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
            notes = json.loads(file.metadata()["notes"])
        people = Detections(**{field.name: arrays.pop(field.name) for field in fields(Detections)})
    except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
        raise DataError(f"{path} is not of this program: take it away, and it is made again") from error
    return people, notes, arrays
