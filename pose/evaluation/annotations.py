"""Pictures in which people's key points are annotated, in the JSON of COCO's key point data.

Beside COCO's own keys an annotation may have `head_top` and `neck` (x, y in pixels) and `action`; an image may have
`action` as well. Joints are found by their names in the category; others are not annotated.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from pose.errors import DataError
from pose.evaluation.checked_fields import (
    read_action,
    read_area,
    read_box,
    read_flag,
    read_id,
    read_joints,
    read_pixels,
    read_text,
)
from pose.interfaces import Array, Bools, Floats, Ints
from pose.io.checked_json import read_json
from pose.readers.frame_names import DIGITS
from pose.skeletons import get_skeleton

JOINTS = get_skeleton("coco17").joints
VISIBLE, HIDDEN = 2, 1
_PERSON: Any = np.dtype(
    [
        ("keypoints", np.float32, (17, 2)),
        ("visible", np.int64, 17),
        ("box", np.float64, 4),
        ("area", np.float64),
        ("crowd", np.bool_),
        ("head", np.float64),
        ("action", object),
    ]
)
"""The columns of `AnnotatedPeople`, in their order."""


@dataclass(frozen=True, eq=False, slots=True)
class AnnotatedPeople:
    """The N people of one picture.

    Args:
        keypoints: `[N, 17, 2]` pixels, in the order of coco17.
        visible: `[N, 17]` 2 seen, 1 hidden, 0 not annotated.
        boxes: `[N, 4]` x1, y1, x2, y2.
        areas: `[N]` square pixels, of the person and not of the box where that was measured.
        crowd: `[N]` whether it is a crowd, whose people need not be found one by one.
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
    def evaluated(self) -> Bools:
        """Mask `[N]` of the people who count: no crowd, and some joint is annotated."""
        return ~self.crowd & (self.visible > 0).any(axis=1)


@dataclass(frozen=True, eq=False, slots=True)
class Picture:
    """One annotated picture.

    Args:
        name: its `file_name`.
        people: who is in it.
    """

    name: str
    people: AnnotatedPeople


@dataclass(frozen=True, eq=False, slots=True)
class Annotations:
    """A file of annotated pictures.

    Args:
        path: the file.
        pictures: by name, frames of a video by their number.
        digest: of the file, 32 hexadecimal digits.
    """

    path: Path
    pictures: Sequence[Picture]
    digest: str


def read_annotations(path: Path) -> Annotations:
    """Read a file of annotations.

    Raises:
        DataError: it is not in COCO's format, or nobody's key points are in it.

    Example:
        >>> import json, tempfile
        >>> path = Path(tempfile.mkdtemp(), "annotations.json")
        >>> person = {"image_id": 1, "bbox": [0, 0, 10, 20], "keypoints": [5, 5, 2] * 17}
        >>> _ = path.write_text(json.dumps({"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [person]}))
        >>> [picture] = read_annotations(path).pictures
        >>> picture.name, len(picture.people), picture.people.boxes.tolist()
        ('a.jpg', 1, [[0.0, 0.0, 10.0, 20.0]])
    """
    content = read_json(path)
    for key in ("images", "annotations"):
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise DataError(f"{path} has no list '{key}': give annotations in COCO's format")
    joints = _joints_of_categories(content.get("categories"), path)
    images = _images(content["images"], path)
    people: dict[int | str, list[Mapping[str, Any]]] = {}
    for number, entry in enumerate(content["annotations"]):
        if not isinstance(entry, dict) or not {"image_id", "bbox"} <= entry.keys():
            raise DataError(
                f"{path}: annotation {number} has no image_id or no bbox: give annotations in COCO's format"
            )
        image, category = (
            read_id(value, f"{path}: {key} of annotation {number}")
            for key, value in (("image_id", entry["image_id"]), ("category_id", entry.get("category_id", 1)))
        )
        if category in joints and "keypoints" in entry:
            people.setdefault(image, []).append(entry)
    pictures = [_picture(image, people.get(id, []), joints, path) for id, image in images.items()]
    if not any(picture.people.evaluated.any() for picture in pictures):
        raise DataError(
            f"{path} annotates nobody's key points: give annotations of persons, as person_keypoints_*.json"
        )
    pictures = _with_folders_as_actions(pictures)
    pictures.sort(key=lambda picture: _in_order(picture.name))
    return Annotations(path, pictures, hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest())


def _images(images: Sequence[Any], path: Path) -> dict[int | str, Mapping[str, Any]]:
    """Return the images by their ids."""
    known: dict[int | str, Mapping[str, Any]] = {}
    for number, image in enumerate(images):
        if not isinstance(image, dict) or not {"id", "file_name"} <= image.keys():
            raise DataError(f"{path}: image {number} has no id or no file_name: give annotations in COCO's format")
        read_text(image["file_name"], f"{path}: file_name of image {number}")
        known[read_id(image["id"], f"{path}: id of image {number}")] = image
    twice = [name for name, count in Counter(image["file_name"] for image in images).items() if count > 1]
    if twice:
        raise DataError(f"{path}: the image {twice[0]} is there twice: take one of them away")
    if len(known) < len(images):
        ids = Counter(image["id"] for image in images)
        raise DataError(
            f"{path}: {ids.most_common(1)[0][1]} images have the id {ids.most_common(1)[0][0]}: number them"
        )
    return known


def _joints_of_categories(categories: Any, path: Path) -> dict[int | str, tuple[str, ...]]:
    """Return the joint names by category id; COCO's where the file names none."""
    named: dict[int | str, tuple[str, ...]] = {}
    if categories is None:
        categories = []
    if not isinstance(categories, list) or not all(isinstance(entry, dict) for entry in categories):
        raise DataError(f"{path}: 'categories' is no list of categories: give annotations in COCO's format")
    for number, entry in enumerate(categories):
        where = f"{path}: category {number}"
        joints = entry.get("keypoints")
        if joints is None or joints == []:
            continue
        if not isinstance(joints, list) or not all(isinstance(joint, str) for joint in joints):
            raise DataError(f"{where}: keypoints is no list of names: give annotations in COCO's format")
        if len(set(joints)) < len(joints):
            raise DataError(f"{where} names a joint twice in keypoints: give each a name of its own")
        named[read_id(entry.get("id"), f"{where}: id")] = tuple(joints)
    return named or {1: JOINTS}


def _picture(
    image: Mapping[str, Any],
    entries: Sequence[Mapping[str, Any]],
    joints: Mapping[int | str, Sequence[str]],
    path: Path,
) -> Picture:
    name = image["file_name"]
    done = read_action(image.get("action"), f"{path}: action of image {name}")
    people = [
        _person(
            entry,
            joints[read_id(entry.get("category_id", 1), name)],
            f"{path}: annotation {entry.get('id', row)!r:.20} of {name}",
        )
        for row, entry in enumerate(entries)
    ]
    columns = np.array(people, _PERSON)
    actions = tuple(action or done for action in columns["action"].tolist())
    return Picture(name, AnnotatedPeople(*[*(columns[column] for column in _PERSON.names[:-1]), actions]))


def _person(entry: Mapping[str, Any], names: Sequence[str], where: str) -> tuple[Any, ...]:
    """Return one person as annotated, a row of `_PERSON`.

    Args:
        entry: the annotation.
        names: of its joints.
        where: it stands, for messages.

    Raises:
        DataError: a value is not what it should be.
    """
    known = dict(zip(names, read_joints(entry["keypoints"], len(names), f"{where}: keypoints"), strict=True))
    keypoints, visible = np.zeros((17, 2)), np.zeros(17, np.int64)
    for joint, name in enumerate(JOINTS):
        if name in known:
            keypoints[joint], visible[joint] = known[name][:2], known[name][2]
    box = read_box(entry["bbox"], f"{where}: bbox")
    crowd = read_flag(entry.get("iscrowd", 0), f"{where}: iscrowd")
    evaluated = not crowd and bool(visible.any())
    area = read_area(entry.get("area", float(np.prod(box[2:] - box[:2]))), f"{where}: area", evaluated)
    action = read_action(entry.get("action"), f"{where}: action")
    return keypoints, visible, box, area, crowd, _head(entry, known, where), action


def _head(entry: Mapping[str, Any], known: Mapping[str, Floats], where: str) -> float:
    """Return the pixels from head top to neck, by keys of the annotation or joints of the category; NaN for neither."""
    ends: list[Floats] = []
    for name in ("head_top", "neck"):
        if name in entry:
            ends.append(read_pixels(entry[name], 2, f"{where}: {name}"))
        elif name in known and known[name][2] > 0:
            ends.append(known[name][:2])
    return (float(np.linalg.norm(ends[0] - ends[1])) if len(ends) == 2 else 0.0) or np.nan


def _with_folders_as_actions(pictures: list[Picture]) -> list[Picture]:
    """Take the first folder of the names as the action, where no annotation has one and there are several folders.

    ACTION/NAME.jpg for pictures, ACTION/VIDEO/FRAME for videos.
    """
    parts = [PurePosixPath(picture.name).parts for picture in pictures]
    folders = {names[0] if len(names) > 1 else "" for names in parts}
    of_video = any(is_frame(PurePosixPath(picture.name).name) for picture in pictures)
    deep = all(len(names) > (2 if of_video else 1) for names in parts)
    if any(action for picture in pictures for action in picture.people.actions) or len(folders) < 2 or not deep:
        return pictures
    return [
        Picture(one.name, replace(one.people, actions=(names[0],) * len(one.people)))
        for one, names in zip(pictures, parts, strict=True)
    ]


def _in_order(name: str) -> tuple[str, int, str]:
    """Return a sort key that puts frames of a video one behind the other, so that it is decoded once."""
    parent, _, last = name.rpartition("/")
    return parent, int(last) if is_frame(last) else -1, last


def is_frame(name: str) -> bool:
    """Return whether the last part of a picture's name is the number of a frame."""
    return name.isascii() and name.isdigit() and len(name) <= DIGITS
