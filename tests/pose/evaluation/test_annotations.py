"""Annotations in COCO's format are read, and what is wrong with them is one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pose.errors import DataError
from pose.evaluation.annotations import read_annotations
from tests.pose.evaluation.scenes import COCO, entry, needs_coco, write
from tests.pose.people import standing

PERSON = standing(100, 50, 200)


@needs_coco
def test_the_real_file_is_read() -> None:
    annotations = read_annotations(COCO / "test_coco.json")
    people = [picture.people for picture in annotations.pictures]
    assert annotations.pictures[0].name == "000000000785.jpg"
    assert sum(map(len, people)) == 14
    assert sum(one.asked.sum() for one in people) == 12
    assert people[0].keypoints[0, 0].tolist() == [367, 81]
    assert people[0].areas[0] == 27789.11055
    np.testing.assert_allclose(people[0].boxes[0], [280.79, 44.73, 280.79 + 218.7, 44.73 + 346.68])


def test_frames_of_a_video_come_in_their_order_whatever_the_order_of_the_file(tmp_path: Path) -> None:
    names = ["b.mp4/10", "a.mp4/3", "b.mp4/9", "b.mp4/000002"]
    annotations = read_annotations(write(tmp_path / "a.json", {name: [entry(PERSON)] for name in names}))
    assert [picture.name for picture in annotations.pictures] == ["a.mp4/3", "b.mp4/000002", "b.mp4/9", "b.mp4/10"]


@pytest.mark.parametrize(
    ("names", "actions"),
    [
        (["walk/a.jpg", "fall/b.jpg"], ["fall", "walk"]),
        (["walk/v.mp4/3", "fall/v.mp4/3"], ["fall", "walk"]),
        (["a.mp4/3", "b.mp4/3"], ["", ""]),  # of videos that lie in no folder
        (["images/a.jpg", "images/b.jpg"], ["", ""]),  # one folder says nothing
        (["a.jpg", "walk/b.jpg"], ["", ""]),
    ],
)
def test_folders_say_what_is_done(tmp_path: Path, names: list[str], actions: list[str]) -> None:
    annotations = read_annotations(write(tmp_path / "a.json", {name: [entry(PERSON)] for name in names}))
    assert [picture.people.actions[0] for picture in annotations.pictures] == actions


def test_annotations_say_what_is_done_before_folders_do(tmp_path: Path) -> None:
    people = [entry(PERSON, action="sit"), entry(PERSON), entry(PERSON, action="fall")]
    annotations = read_annotations(write(tmp_path / "a.json", {"walk/a.jpg": people, "run/b.jpg": [entry(PERSON)]}))
    assert [picture.people.actions for picture in annotations.pictures] == [("",), ("sit", "", "fall")]


def test_what_is_no_person_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", {"a.jpg": [entry(PERSON), {**entry(PERSON), "category_id": 18}]})
    assert len(read_annotations(path).pictures[0].people) == 1


def without(key: str) -> Any:
    def spoil(content: dict[str, Any]) -> Any:
        del content[key]
        return content

    return spoil


def only(*people: dict[str, Any]) -> Any:
    def spoil(content: dict[str, Any]) -> Any:
        return {**content, "annotations": [{"image_id": 0, **one} for one in people]}

    return spoil


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda content: content["images"], r"has no list 'images': give annotations in COCO's format"),
        (without("annotations"), r"has no list 'annotations'"),
        (only(), r"annotates nobody's key points: give annotations of persons"),
        (only(entry(PERSON, 0)), r"annotates nobody's key points"),
        (only(entry(PERSON, iscrowd=1)), r"annotates nobody's key points"),
        (only({"bbox": [0, 0, 1, 1], "category_id": 1}), r"annotates nobody's key points"),
        (only({**entry(PERSON), "keypoints": [1, 2]}), r"a\.jpg: keypoints is not 51 numbers"),
        (only({**entry(PERSON), "bbox": ["a"] * 4}), r"a\.jpg: bbox is not 4 numbers"),
        (only({"keypoints": []}), r"annotation 0 has no image_id or no bbox"),
        (lambda content: {**content, "images": [{"id": 0}]}, r"image 0 has no id or no file_name"),
        (lambda content: {**content, "images": content["images"] * 2}, r"the image a\.jpg is there twice"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(tmp_path: Path, spoil: Any, message: str) -> None:
    path = write(tmp_path / "a.json", {"a.jpg": [entry(PERSON)]})
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    with pytest.raises(DataError, match=message) as told:
        read_annotations(path)
    assert "\n" not in str(told.value)
    assert str(path) in str(told.value)
