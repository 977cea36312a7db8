"""Reader of AlphaPose's result files (docs/output.md of MVIG-SJTU/AlphaPose).

A file is a list with an entry for each person in each picture: `image_id` (the picture's name, or its number in a
video), `category_id` (1, a person), `keypoints` (x, y, score flat, for 17, 18, 26, 133 or 136 joints, which all begin
with COCO's 17), `score`, and in later versions `box` (x, y, width, height) and `idx` (who it is, with its tracker).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pose.boxes import key_point_boxes
from pose.errors import DataError
from pose.interfaces import Array, Ints
from pose.io.checked_json import LARGEST, read_json, read_triples
from pose.readers.base import PeopleSource
from pose.readers.frame_names import FramePlace, place_images
from pose.readers.labels import Unit
from pose.readers.sequences import PoseSequence, empty_sequence, to_coco17

# Halpe's 136 begin with its 26, COCO-WholeBody's 133 with COCO's 17.
_LAYOUTS = {17: "coco17", 18: "alphapose18", 26: "halpe26", 133: "coco17", 136: "halpe26"}


class AlphaPoseSource(PeopleSource):
    """Clips of AlphaPose's result files: a file, or all files below a folder.

    People are followed by `idx` where a file's are numbers of persons: one number each, none twice in a picture, not
    all 0, which AlphaPose writes without a tracker. Elsewhere by the overlap of their boxes.

    Example:
        >>> import json, tempfile
        >>> folder = Path(tempfile.mkdtemp(), "walking")
        >>> folder.mkdir()
        >>> frames = [{"image_id": f"{i}.jpg", "keypoints": [10 + i, 20, 0.9] * 16 + [50, 90, 0.9]} for i in range(12)]
        >>> _ = (folder / "anna.json").write_text(json.dumps(frames))
        >>> [clip] = AlphaPoseSource(folder.parent).clips()
        >>> clip.id, clip.label, len(clip)
        ('walking/anna', 'walking', 12)
    """

    kind = "AlphaPose results (.json)"

    def find(self, path: Path) -> list[Path]:
        """Return the JSON files at or below a path."""
        if path.is_dir():
            return sorted(file for file in path.rglob("*.json") if not file.name.startswith("."))
        return [path] if path.suffix.lower() == ".json" and path.is_file() else []

    def read(self, unit: Unit) -> Iterator[PoseSequence]:
        """Yield a sequence for each group of pictures that the file's `image_id` distinguish."""
        numbered = read_entries(unit.path)
        places = _places([entry for _, entry in numbered], unit.path, self.fps)
        numbered = [(number, entry) for number, entry in numbered if str(entry["image_id"]) in places]
        if not numbered:
            yield empty_sequence(unit.name)
            return
        keypoints, scores = read_joints(numbered, unit.path)
        entries = [entry for _, entry in numbered]
        boxes = read_boxes(entries, keypoints)
        found = [places[str(entry["image_id"])] for entry in entries]
        frames = np.array([place.frame for place in found], np.int64)
        names, sequence_of = np.unique([place.sequence for place in found], return_inverse=True)
        ids = _ids(entries, sequence_of, frames)
        order = np.lexsort((frames, sequence_of))
        ends = np.flatnonzero(np.diff(sequence_of[order])) + 1
        for name, members in zip(names.tolist(), np.split(order, ends), strict=True):
            yield PoseSequence(
                name=f"{unit.name}/{name}" if name else unit.name,
                frames=frames[members],
                keypoints=keypoints[members],
                scores=scores[members],
                boxes=boxes[members],
                ids=None if ids is None else ids[members],
            )


def read_joints(numbered: Sequence[tuple[int, dict[str, Any]]], path: Path) -> tuple[Array, Array]:
    """Return COCO's 17 joints of some entries, `[N, 17, 2]`, and their scores, `[N, 17]`.

    Args:
        numbered: at least one entry, each with its number in the list.
        path: of the file, for messages.

    Raises:
        DataError: one of them is not x, y and score for so many joints.
    """
    rows = [entry["keypoints"] for _, entry in numbered]
    triples = read_triples(rows, _LAYOUTS, lambda row: f"{path}: keypoints of entry {numbered[row][0]}")
    return to_coco17(*triples, _LAYOUTS[len(rows[0]) // 3])


def read_entries(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """Return the persons in a file, each with its number in the list.

    Raises:
        DataError: it is not in AlphaPose's own format.
    """
    content = read_json(path)
    if not isinstance(content, list):
        raise DataError(
            f"{path} holds no list: AlphaPose's own format is read, so run it without --format open or cmu, "
            "and take other JSON files out of the folder"
        )
    for index, entry in enumerate(content):
        for key in ("image_id", "keypoints"):
            if not isinstance(entry, dict) or key not in entry:
                raise DataError(f"{path}: entry {index} has no {key}: it is not a result of AlphaPose, take it away")
    return [(index, entry) for index, entry in enumerate(content) if entry.get("category_id", 1) == 1]


def _places(entries: Sequence[dict[str, Any]], path: Path, fps: float) -> dict[str, FramePlace]:
    try:
        return place_images(list(dict.fromkeys(str(entry["image_id"]) for entry in entries)), fps)
    except DataError as error:
        raise DataError(f"{path}: in image_id, {error}") from None


def read_boxes(entries: Sequence[dict[str, Any]], keypoints: Array) -> Array:
    """Return the file's boxes as corners, `[N, 4]`; the boxes around the joints where some are missing or invalid."""
    try:
        boxes = np.array([entry["box"] for entry in entries], np.float64).reshape(len(entries), 4)
    except (KeyError, TypeError, ValueError, OverflowError):
        return key_point_boxes(keypoints)
    boxes[:, 2:] += boxes[:, :2]
    return boxes.astype(np.float32) if (np.abs(boxes) <= LARGEST).all() else key_point_boxes(keypoints)


def _ids(entries: Sequence[dict[str, Any]], sequence_of: Ints, frames: Ints) -> Ints | None:
    """Return the person numbers in `idx`, None where the file has none."""
    numbers = [_number(entry.get("idx")) for entry in entries]
    if None in numbers or not any(numbers):
        return None
    persons = list(zip(sequence_of.tolist(), frames.tolist(), numbers, strict=True))
    return np.array(numbers, np.int64) if len(set(persons)) == len(persons) else None


def _number(idx: Any) -> int | None:
    """Return one integer, in a list or not; without a tracker lists of zeros are written, one for each merged box."""
    while isinstance(idx, list) and len(idx) == 1:
        idx = idx[0]
    is_integer = isinstance(idx, int | float) and not isinstance(idx, bool) and abs(idx) < 2**53 and idx == int(idx)
    return int(idx) if is_integer else None
