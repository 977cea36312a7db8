"""Pictures in which people's key points are annotated, in the JSON of COCO's key point data.

Beside COCO's own keys an annotation may have `head_top` and `neck` (x, y in pixels) and `action`; an image may have
`action` as well. Joints are told by the names that the category gives them; what it has not is not annotated.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from pose.errors import DataError
from pose.found import Array
from pose.json_files import read_json
from pose.skeletons import get_skeleton

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
JOINTS = get_skeleton("coco17").joints
VISIBLE, HIDDEN = 2, 1


@dataclass(frozen=True, eq=False, slots=True)
class Annotated:
    """The N people of one picture.

    Args:
        keypoints: `[N, 17, 2]` pixels, in the order of coco17.
        visible: `[N, 17]` 2 seen, 1 hidden, 0 not annotated.
        boxes: `[N, 4]` x1, y1, x2, y2.
        areas: `[N]` square pixels, of the person and not of the box where that was measured.
        crowd: `[N]` whether it is a crowd, which nobody need find one by one.
        heads: `[N]` pixels from head top to neck, NaN where not annotated.
        actions: what each of the N does, "" where that is not known.
    """

    keypoints: Array
    visible: Ints
    boxes: Floats
    areas: Floats
    crowd: Bools
    heads: Floats
    actions: Sequence[str]

    def __len__(self) -> int:
        return len(self.keypoints)

    @property
    def asked(self) -> Bools:
        """Who is to be found, `[N]`: no crowd, and some joint is annotated."""
        wanted: Bools = ~self.crowd & (self.visible > 0).any(axis=1)
        return wanted


@dataclass(frozen=True, eq=False, slots=True)
class Picture:
    """One annotated picture.

    Args:
        name: its `file_name`.
        people: who is in it.
    """

    name: str
    people: Annotated


@dataclass(frozen=True, eq=False, slots=True)
class Annotations:
    """A file of them.

    Args:
        path: the file.
        pictures: by name, frames of a video by their number.
        digest: of the file, 32 hexadecimal digits.
    """

    path: Path
    pictures: Sequence[Picture]
    digest: str


def read_annotations(path: Path) -> Annotations:
    """Reads a file of annotations.

    Raises:
        DataError: it is not in COCO's format, or nobody's key points are in it.
    """
    content = read_json(path)
    for key in ("images", "annotations"):
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise DataError(f"{path} has no list '{key}': give annotations in COCO's format")
    joints = _joints_of_categories(content.get("categories") or [])
    people: dict[Any, list[Mapping[str, Any]]] = {}
    for number, entry in enumerate(content["annotations"]):
        if not isinstance(entry, dict) or not {"image_id", "bbox"} <= entry.keys():
            raise DataError(
                f"{path}: annotation {number} has no image_id or no bbox: give annotations in COCO's format"
            )
        if entry.get("category_id", 1) in joints and "keypoints" in entry:
            people.setdefault(entry["image_id"], []).append(entry)
    pictures = [_picture(image, people.get(image.get("id"), []), joints, path) for image in _images(content, path)]
    if not any(picture.people.asked.any() for picture in pictures):
        raise DataError(
            f"{path} annotates nobody's key points: give annotations of persons, as person_keypoints_*.json"
        )
    pictures = _with_folders_as_actions(pictures)
    pictures.sort(key=lambda picture: _in_order(picture.name))
    return Annotations(path, pictures, hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest())


def _images(content: Mapping[str, Any], path: Path) -> list[Mapping[str, Any]]:
    images = content["images"]
    for number, image in enumerate(images):
        if not isinstance(image, dict) or not {"id", "file_name"} <= image.keys():
            raise DataError(f"{path}: image {number} has no id or no file_name: give annotations in COCO's format")
    twice = [name for name, count in Counter(image["file_name"] for image in images).items() if count > 1]
    if twice:
        raise DataError(f"{path}: the image {twice[0]} is there twice: take one of them away")
    return list(images)


def _joints_of_categories(categories: Sequence[Mapping[str, Any]]) -> dict[Any, tuple[str, ...]]:
    """The names of the joints by the category's id; COCO's where nothing is said."""
    named = {entry.get("id"): tuple(map(str, entry["keypoints"])) for entry in categories if entry.get("keypoints")}
    return named or {1: JOINTS}


def _picture(
    image: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], joints: Mapping[Any, Sequence[str]], path: Path
) -> Picture:
    count = len(entries)
    keypoints, visible = np.zeros((count, 17, 2), np.float32), np.zeros((count, 17), np.int64)
    heads, boxes = np.full(count, np.nan), np.zeros((count, 4))
    for row, entry in enumerate(entries):
        names = joints[entry.get("category_id", 1)]
        where = f"{path}: annotation {entry.get('id', row)} of {image['file_name']}"
        triples = _numbers(entry["keypoints"], 3 * len(names), f"{where}: keypoints").reshape(-1, 3)
        known = dict(zip(names, triples, strict=True))
        for joint, name in enumerate(JOINTS):
            if name in known:
                keypoints[row, joint], visible[row, joint] = known[name][:2], known[name][2]
        heads[row] = _head(entry, known)
        boxes[row] = _numbers(entry["bbox"], 4, f"{where}: bbox")
    boxes[:, 2:] += boxes[:, :2]
    sizes = boxes[:, 2:] - boxes[:, :2]
    areas = [entry.get("area", size.prod()) for entry, size in zip(entries, sizes, strict=True)]
    crowd = np.array([bool(entry.get("iscrowd")) for entry in entries], np.bool_)
    actions = tuple(str(entry.get("action") or image.get("action") or "") for entry in entries)
    people = Annotated(keypoints, visible, boxes, np.array(areas, np.float64), crowd, heads, actions)
    return Picture(str(image["file_name"]), people)


def _numbers(values: Any, count: int, where: str) -> npt.NDArray[np.float64]:
    try:
        numbers = np.array(values, np.float64)
    except (TypeError, ValueError):
        numbers = np.empty(0)
    if numbers.shape != (count,) or not np.isfinite(numbers).all():
        raise DataError(f"{where} is not {count} numbers: give annotations in COCO's format")
    return numbers


def _head(entry: Mapping[str, Any], known: Mapping[str, npt.NDArray[np.float64]]) -> float:
    """Pixels from head top to neck: keys of the annotation, or joints of the category."""
    ends = []
    for name in ("head_top", "neck"):
        if name in entry:
            ends.append(_numbers(entry[name], 2, name))
        elif name in known and known[name][2] > 0:
            ends.append(known[name][:2])
    return float(np.linalg.norm(ends[0] - ends[1])) if len(ends) == 2 else np.nan


def _with_folders_as_actions(pictures: list[Picture]) -> list[Picture]:
    """Where no annotation says what is done, the first folder of the names does, if there are several of them.

    ACTION/NAME.jpg for pictures, ACTION/VIDEO/FRAME for videos.
    """
    parts = [PurePosixPath(picture.name).parts for picture in pictures]
    folders = {names[0] if len(names) > 1 else "" for names in parts}
    of_video = any(PurePosixPath(picture.name).name.isdigit() for picture in pictures)
    deep = all(len(names) > (2 if of_video else 1) for names in parts)
    if any(action for picture in pictures for action in picture.people.actions) or len(folders) < 2 or not deep:
        return pictures
    return [
        Picture(one.name, replace(one.people, actions=(names[0],) * len(one.people)))
        for one, names in zip(pictures, parts, strict=True)
    ]


def _in_order(name: str) -> tuple[str, int, str]:
    """Frames of a video one behind the other, so that it is decoded once."""
    parent, _, last = name.rpartition("/")
    return parent, int(last) if last.isdigit() else -1, last
