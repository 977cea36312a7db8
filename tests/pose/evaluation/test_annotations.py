"""Annotations in COCO's format are read, and what is wrong with them is one line."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pose.errors import DataError
from pose.evaluation.annotations import read_annotations
from pose.evaluation.joint_metrics import choose_reference
from pose.evaluation.tables import measure
from tests.pose.evaluation.scenes import COCO, entry, found, needs_coco, write
from tests.pose.people import standing

PERSON = standing(100, 50, 200)


@needs_coco
def test_the_real_file_is_read() -> None:
    annotations = read_annotations(COCO / "test_coco.json")
    people = [picture.people for picture in annotations.pictures]
    assert annotations.pictures[0].name == "000000000785.jpg"
    assert sum(map(len, people)) == 14
    assert sum(one.evaluated.sum() for one in people) == 12
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


@example(place=0, value=None)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.integers(0, 10**6),
    value=st.sampled_from(
        [None, "", "x", [], [1], {}, {"a": 1}, True, 0, 3, -1, -5.5, 0.5, 1e30, -1e300, 10**400, math.nan, math.inf]
    ),
)
def test_a_file_that_is_damaged_anywhere_is_read_or_told(tmp_path: Path, place: int, value: Any) -> None:
    """And what is read can be measured."""
    path = tmp_path / "a.json"
    if not path.exists():
        people = [entry(PERSON, action="sit"), entry(PERSON, head_top=[1, 2], neck=[3, 40])]
        write(path, {"walk/a.jpg": people, "walk/b.mp4/3": [entry(PERSON), entry(PERSON, iscrowd=1)]})
    content = json.loads(path.read_text())
    places = list(inside(content))
    container, key = places[place % len(places)]
    container[key] = value
    damaged = tmp_path / "damaged.json"
    damaged.write_text(json.dumps(content))
    try:
        annotations = read_annotations(damaged)
        reference = choose_reference(annotations.pictures, "auto", None)
    except DataError as told:
        assert "\n" not in str(told)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compared = measure(annotations.pictures, found(annotations), reference, 0.3)
    assert compared.row["AP"] == pytest.approx(1)
    assert all(isinstance(action, str) for picture in annotations.pictures for action in picture.people.actions)


def inside(content: Any) -> Iterator[tuple[Any, Any]]:
    """Each place in a structure: what it is in, and its key there; the first few of a long list."""
    for key in list(content) if isinstance(content, dict) else range(min(len(content), 4)):
        yield content, key
        if isinstance(content[key], dict | list):
            yield from inside(content[key])


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("image_id", [1], r"image_id of annotation 0 is not a whole number or text, but \[1\]"),
        ("category_id", {}, r"category_id of annotation 0 is not a whole number or text, but \{\}"),
        ("area", "x", r"annotation 1 of a\.jpg: area is not an area above 0, but 'x'"),
        ("area", None, r"annotation 1 of a\.jpg: area is not an area above 0, but None"),
        ("area", 0, r"area is not an area above 0, but 0"),
        ("area", math.nan, r"area is not an area above 0, but nan"),
        ("bbox", [0, 0, -1, 5], r"bbox is not x, y, width and height"),
        ("bbox", ["1", 0, 1, 5], r"bbox is not 4 numbers, but \['1', 0, 1, 5\]"),
        ("keypoints", [1e30, 0, 2] * 17, r"keypoints is not in pixels, but 1e\+30"),
        ("keypoints", [1, 1, 0.9] * 17, r"the third number of a joint is not 0, 1 or 2, but 0\.9"),
        ("keypoints", [10**400, 1, 2] * 17, r"keypoints is not in pixels, but 10000"),
        ("iscrowd", "no", r"iscrowd is not 0 or 1, but 'no'"),
        ("action", ["sit"], r"action is not a whole number or text, but \['sit'\]"),
        ("head_top", [1], r"annotation 1 of a\.jpg: head_top is not 2 numbers, but \[1\]"),
    ],
)
def test_an_odd_value_is_one_line(tmp_path: Path, key: str, value: Any, message: str) -> None:
    path = write(tmp_path / "a.json", {"a.jpg": [entry(PERSON)]})
    content = json.loads(path.read_text())
    content["annotations"][0][key] = value
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match=message) as told:
        read_annotations(path)
    assert "\n" not in str(told.value)
    assert str(told.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda content: {**content, "categories": ["person"]}, "'categories' is no list of categories"),
        (lambda content: {**content, "categories": {}}, "'categories' is no list of categories"),
        (lambda content: {**content, "categories": [{"id": 1, "keypoints": 17}]}, "keypoints is no list of names"),
        (lambda content: {**content, "categories": [{"id": 1, "keypoints": ["a", "a"]}]}, "names a joint twice"),
        (lambda content: {**content, "categories": [{"keypoints": ["nose"]}]}, "category 0: id is not a whole"),
        (lambda content: {**content, "images": [{"id": 0, "file_name": 3}]}, "file_name of image 0 is not text, but 3"),
        (lambda content: {**content, "images": [{"id": None, "file_name": "a"}]}, "id of image 0 is not a whole"),
        (
            lambda content: {**content, "images": [{"id": 0, "file_name": name} for name in "ab"]},
            "2 images have the id 0: number them",
        ),
    ],
)
def test_odd_images_and_categories_are_one_line(tmp_path: Path, spoil: Any, message: str) -> None:
    path = write(tmp_path / "a.json", {"a.jpg": [entry(PERSON)]})
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    with pytest.raises(DataError, match=message) as told:
        read_annotations(path)
    assert str(path) in str(told.value)


def test_ids_may_be_text_and_tables_write_them_as_1_0(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", {"a.jpg": [entry(PERSON)], "²": []})
    content = json.loads(path.read_text())
    content["images"][0]["id"], content["annotations"][0]["image_id"] = "a", "a"
    content["annotations"][0]["category_id"] = 1.0
    path.write_text(json.dumps(content))
    assert [len(picture.people) for picture in read_annotations(path).pictures] == [1, 0]


def test_a_head_without_length_is_none(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", {"a.jpg": [entry(PERSON, head_top=[5, 5], neck=[5, 5])]})
    assert np.isnan(read_annotations(path).pictures[0].people.heads).all()


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
