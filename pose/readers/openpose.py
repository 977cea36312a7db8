"""Reader of OpenPose's JSON (doc/02_output.md of CMU-Perceptual-Computing-Lab/openpose): a folder with a file a frame.

`NAME_000000000012_keypoints.json` holds `people`, each with `pose_keypoints_2d`: x, y, score flat, for the 25 joints of
BODY_25 or the 18 of COCO; a joint that was not found is 0, 0, 0. Versions before 1.3 call it `pose_keypoints`.
tf-pose-estimation's scripts write the same with COCO's 18 joints, with plain numbers as names, and often with x and y
as shares of the picture's width and height.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pose.boxes import key_point_boxes
from pose.errors import DataError
from pose.interfaces import Array
from pose.io.checked_json import read_json, read_triples
from pose.readers.base import PeopleSource
from pose.readers.frame_names import DIGITS
from pose.readers.labels import Unit
from pose.readers.sequences import PoseSequence, empty_sequence, to_coco17

LAYOUTS = {25: "body25", 18: "openpose18"}
FILE_NAME = re.compile(rf"(?P<sequence>.*?)[_-]?(?P<frame>\d{{1,{DIGITS}}})(_keypoints)?\.json")


class OpenPoseSource(PeopleSource):
    """Clips of folders that OpenPose wrote: a folder, or all folders below one; several videos may share a folder.

    OpenPose lists people in any order, so they are followed by the overlap of the boxes around their joints.

    Example:
        >>> import json, tempfile
        >>> folder = Path(tempfile.mkdtemp(), "walking/anna")
        >>> folder.mkdir(parents=True)
        >>> for i in range(12):
        ...     people = {"people": [{"pose_keypoints_2d": [50, 90, 0.9] + [10 + i, 20, 0.9] * 24}]}
        ...     _ = (folder / f"anna_{i:012d}_keypoints.json").write_text(json.dumps(people))
        >>> [clip] = OpenPoseSource(folder.parents[1]).clips()
        >>> clip.id, clip.label, len(clip)
        ('walking/anna', 'walking', 12)
    """

    kind = "folder of OpenPose's frames (*_keypoints.json)"

    def find(self, path: Path) -> list[Path]:
        """Return the folders at or below a path that contain JSON files."""
        if not path.is_dir():
            return []
        return sorted({file.parent for file in path.rglob("*.json") if not file.name.startswith(".")})

    def read(self, unit: Unit) -> Iterator[PoseSequence]:
        """Yield a sequence for each NAME in the folder."""
        sequences: dict[str, list[tuple[int, Path]]] = {}
        for path in sorted(unit.path.glob("*.json")):
            if path.name.startswith("."):
                continue
            match = FILE_NAME.fullmatch(path.name)
            if match is None:
                raise DataError(
                    f"{path}: its name holds no number of a frame, as in NAME_000000000012_keypoints.json: "
                    "take it out of the folder"
                )
            sequences.setdefault(match["sequence"], []).append((int(match["frame"]), path))
        for sequence, files in sorted(sequences.items()):
            says_more = sequence not in ("", unit.path.name)
            yield self._sequence(f"{unit.name}/{sequence}" if says_more else unit.name, sorted(files))

    def _sequence(self, name: str, files: list[tuple[int, Path]]) -> PoseSequence:
        people = [(frame, path, row) for frame, path in files for row in read_people(path)]
        if not people:
            return empty_sequence(name)
        frames = np.array([frame for frame, _, _ in people], np.int64)
        rows = [row for _, _, row in people]
        keypoints, scores = read_triples(rows, LAYOUTS, lambda row: f"{people[row][1]}: pose_keypoints_2d")
        keypoints, scores = to_coco17(keypoints, scores, LAYOUTS[len(rows[0]) // 3])
        keypoints = self._in_pixels(keypoints, files[0][1].parent)
        seen = (scores > 0).any(axis=1)
        return PoseSequence(name, frames[seen], keypoints[seen], scores[seen], key_point_boxes(keypoints[seen]))

    def _in_pixels(self, keypoints: Array, folder: Path) -> Array:
        """Convert shares of the picture to pixels; leave pixels as they are."""
        low, high = np.nanmin(keypoints, initial=np.inf), np.nanmax(keypoints, initial=-np.inf)
        if not 0 <= high <= 1:
            return keypoints
        if low < 0:
            raise DataError(f"{folder}: its key points lie in -1..1: run OpenPose with --keypoint_scale 0 or 3")
        if self.image_size is None:
            raise DataError(
                f"{folder}: its key points are shares of the picture, 0..1: "
                "set `image_size` to its width and height, as [1920,1080]"
            )
        return keypoints * np.array(self.image_size, np.float32)


def read_people(path: Path) -> list[Any]:
    """Return the flat list of each person in a frame's file; people with only hands or face are dropped.

    Raises:
        DataError: it is not in OpenPose's format.
    """
    content = read_json(path)
    people = content.get("people") if isinstance(content, dict) else None
    if not isinstance(people, list) or not all(isinstance(person, dict) for person in people):
        raise DataError(f"{path} has no list 'people': it is not OpenPose's, take it out of the folder")
    rows = [person.get("pose_keypoints_2d", person.get("pose_keypoints")) for person in people]
    return [row for row in rows if row != []]
