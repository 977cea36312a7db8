"""Small files in exactly AI-Hub's layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pose.errors import DataError
from pose.readers.aihub import AIHubSource
from pose.readers.aihub_labels import read_label_file
from tests.pose.readers.formats import person, write_aihub, write_aihub_folder

ACTIONS = {"1": "walk", "2": "run", "3": "sit", "6": "fall"}


@pytest.mark.parametrize("below", ["", "Annotation_2D_tar", "Annotation_2D_tar/2D/6-3/6-3_007-C04_2D.json"])
def test_labels_are_read_from_the_data_set_or_any_folder_below(tmp_path: Path, below: str) -> None:
    one = person("aihub16", 20, speed=(0, 5))
    write_aihub(tmp_path, [one], action=6, number=3, take=7, camera=4)
    source = AIHubSource(tmp_path / below, ACTIONS)
    (clip,) = source.clips()
    assert source.class_names == ("fall",)
    assert (clip.id, clip.recording, clip.camera, clip.subject) == ("6-3_007-C04", "6-3_007", "C04", None)
    assert (clip.label, clip.skeleton, clip.image_size) == ("fall", "aihub16", (1920, 1080))
    np.testing.assert_allclose(clip.keypoints, one.keypoints.astype(np.float32))
    assert (clip.scores == 1).all()


def test_all_cameras_of_a_take_are_one_recording(tmp_path: Path) -> None:
    for take in (1, 2):
        for camera in range(1, 13):
            write_aihub(tmp_path, [person("aihub16", 5)], take=take, camera=camera)
    clips = AIHubSource(tmp_path, ACTIONS).clips()
    assert len(clips) == 24
    assert {clip.recording for clip in clips} == {"1-1_001", "1-1_002"}
    assert {clip.camera for clip in clips} == {f"C{camera:02}" for camera in range(1, 13)}


@pytest.mark.parametrize(("step", "given", "fps"), [(10, None, 3), (5, None, 6), (1, None, 30), (1, 10, 3)])
def test_the_frame_rate_is_that_of_the_labels(tmp_path: Path, step: int, given: int | None, fps: float) -> None:
    write_aihub(tmp_path, [person("aihub16", 12)], step=step)
    (clip,) = AIHubSource(tmp_path, ACTIONS, frame_step=given).clips()
    assert (clip.fps, len(clip)) == (fps, 12)


def test_images_and_labels_belong_together_by_number_and_a_picture_without_label_is_a_gap(tmp_path: Path) -> None:
    one = person("aihub16", 20)
    one.scores[4, 9] = 0
    path = write_aihub(tmp_path, [one], without_label=(7, 8, 19))
    content = json.loads(path.read_text())
    assert (len(content["images"]), len(content["annotations"])) == (20, 17)
    (clip,) = AIHubSource(tmp_path, ACTIONS).clips()
    assert len(clip) == 19
    missing = clip.scores == 0
    assert np.flatnonzero(missing.all(axis=1)).tolist() == [7, 8]
    assert np.argwhere(missing[:7]).tolist() == [[4, 9]]
    seen = ~missing
    np.testing.assert_allclose(clip.keypoints[seen], one.keypoints[:19][seen].astype(np.float32))
    clips = AIHubSource(tmp_path, ACTIONS, max_gap=1).clips()
    assert [(clip.id, len(clip)) for clip in clips] == [("1-1_001-C01#0", 7), ("1-1_001-C01#1", 10)]


def test_labels_that_are_not_exactly_a_step_apart_are_still_one_each(tmp_path: Path) -> None:
    path = write_aihub(tmp_path, [person("aihub16", 20)])
    content = json.loads(path.read_text())
    for entry in [*content["images"], *content["annotations"]]:
        entry["img_no"] += entry["img_no"] % 3 - 1
    path.write_text(json.dumps(content))
    (clip,) = AIHubSource(tmp_path, ACTIONS, frame_step=10).clips()
    assert len(clip) == 20
    assert (clip.scores == 1).all()


@pytest.mark.parametrize("corners", [True, False])
def test_both_spellings_of_boxes_are_told_apart(tmp_path: Path, corners: bool) -> None:
    one = person("aihub16", 20, x=700, speed=(4, 2))
    boxes = read_label_file(write_aihub(tmp_path, [one], corners=corners)).boxes
    around = np.concatenate([one.keypoints.min(axis=1) - 5, one.keypoints.max(axis=1) + 5], axis=1)
    np.testing.assert_allclose(boxes, around, rtol=1e-5)


@pytest.mark.parametrize("corners", [True, False])
def test_several_people_are_followed_by_their_boxes(tmp_path: Path, corners: bool) -> None:
    people = [person("aihub16", 15, x=300, speed=(20, 0)), person("aihub16", 15, x=900, speed=(-10, 0), seed=1)]
    write_aihub(tmp_path, people, corners=corners)
    clips = AIHubSource(tmp_path, ACTIONS).clips()
    starts = sorted((float(clip.keypoints[0, 6, 0]), float(clip.keypoints[-1, 6, 0])) for clip in clips)
    np.testing.assert_allclose(starts, [(300, 580), (900, 760)], atol=5)


def test_a_pattern_may_say_who_performs(tmp_path: Path) -> None:
    write_aihub(tmp_path, [person("aihub16")], action=6, number=3, take=7)
    (clip,) = AIHubSource(tmp_path, ACTIONS, id_pattern=r"_(?P<subject>\d+)-").clips()
    assert (clip.subject, clip.recording, clip.camera) == ("007", "6-3_007", "C01")


def test_actions_without_a_name_are_told_with_what_to_type(tmp_path: Path) -> None:
    for action in (1, 7, 45):
        write_aihub(tmp_path, [person("aihub16")], action)
    says = r"holds actions that have no name, 7, 45: type `actions=\{7: NAME, 45: NAME\}`"
    for look in (AIHubSource.clips, lambda source: source.class_names):
        with pytest.raises(DataError, match=says):
            look(AIHubSource(tmp_path, ACTIONS))
    source = AIHubSource(tmp_path, {**ACTIONS, "7": "jump", 45: "smoke"})
    assert source.class_names == ("walk", "jump", "smoke")
    assert {clip.label for clip in source.clips()} == {"walk", "jump", "smoke"}


def test_videos_alone_point_to_the_extraction(tmp_path: Path) -> None:
    (tmp_path / "1-1_001-C01.mp4").touch()
    with pytest.raises(DataError, match=r"holds pictures or videos and no labels \(Annotation_2D.*=aihub_videos"):
        AIHubSource(tmp_path, ACTIONS).clips()


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no labels, as Annotation_2D_tar/2D/6-1/6-1_001-C01_2D\.json"):
        AIHubSource(tmp_path, ACTIONS).clips()


def spoil(key: str, **change: Any) -> Any:
    def change_last(content: Any) -> Any:
        content[key][-1] |= change
        return content

    return change_last


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda _: [], "has no list 'images': it is not one of AI-Hub's label files"),
        (lambda content: content | {"annotations": None}, "has no list 'annotations'"),
        (lambda content: content | {"annotations": [1]}, "has no list 'annotations'"),
        (spoil("annotations", img_no=None), "an entry of 'annotations' has no whole number img_no"),
        (spoil("images", img_no="x"), "an entry of 'images' has no whole number img_no"),
        (spoil("annotations", keypoints=[1.0] * 51), r"img_no 9 holds 51 numbers, expected 48 \(16 joints\)"),
        (spoil("annotations", keypoints=["a"] * 48), "img_no 9 holds something else than numbers"),
        (spoil("annotations", keypoints=[1e6] * 48), r"img_no 9 holds 1e\+06, which is no coordinate"),
    ],
)
def test_a_file_that_is_something_else_is_one_line_that_names_it(tmp_path: Path, change: Any, says: str) -> None:
    path = write_aihub(tmp_path, [person("aihub16")])
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(DataError, match=says) as caught:
        AIHubSource(tmp_path, ACTIONS).clips()
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("bbox", [None, [1, 2, 3], ["a"] * 4, [float("nan")] * 4])
def test_without_a_whole_box_that_around_the_joints_is_taken(tmp_path: Path, bbox: Any) -> None:
    one = person("aihub16")
    path = write_aihub(tmp_path, [one])
    content = json.loads(path.read_text())
    for annotation in content["annotations"]:
        annotation["bbox"] = bbox
    path.write_text(json.dumps(content))
    around = np.concatenate([one.keypoints.min(axis=1), one.keypoints.max(axis=1)], axis=1)
    np.testing.assert_allclose(read_label_file(path).boxes, around, rtol=1e-5)


def test_a_file_in_which_nothing_is_labelled_gives_no_clip(tmp_path: Path) -> None:
    write_aihub_folder(tmp_path, takes=1, cameras=1)
    path = write_aihub(tmp_path, [person("aihub16")], take=9)
    path.write_text('{"images": [], "annotations": []}')
    assert len(AIHubSource(tmp_path, ACTIONS).clips()) == 2
    with pytest.raises(DataError, match=r"holds no key points in 30 frames: set `min_frames` lower"):
        AIHubSource(tmp_path, ACTIONS, min_frames=30).clips()
