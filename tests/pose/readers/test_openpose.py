"""Small folders in exactly OpenPose's layout."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pose.errors import DataError
from pose.readers.openpose import OpenPoseSource
from pose.readers.sequences import TrackOptions
from pose.skeletons import get_skeleton
from tests.pose.readers.formats import Person, person, write_openpose


def in_coco17(one: Person, skeleton: str) -> np.ndarray:
    return one.keypoints[:, list(get_skeleton(skeleton).find(*get_skeleton("coco17").joints))].astype(np.float32)


@pytest.mark.parametrize("skeleton", ["body25", "openpose18"])
@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        ("{name}_{frame:012}_keypoints.json", "pose_keypoints_2d"),  # OpenPose
        ("{name}_{frame:012}_keypoints.json", "pose_keypoints"),  # before 1.3
        ("{frame}.json", "pose_keypoints_2d"),  # scripts of tf-pose-estimation
        ("{name}-{frame}.json", "pose_keypoints_2d"),
    ],
)
def test_key_points_become_cocos(tmp_path: Path, skeleton: str, pattern: str, key: str) -> None:
    one = person(skeleton, 110, speed=(3, 0))
    write_openpose(tmp_path / "walk" / "take1", [one], pattern=pattern, key=key)
    source = OpenPoseSource(tmp_path, fps=25, image_size=(1280, 720))
    (clip,) = source.clips()
    assert (clip.id, clip.recording, clip.label) == ("walk/take1", "walk/take1", "walk")
    assert (clip.skeleton, clip.fps, clip.image_size, source.class_names) == ("coco17", 25, (1280, 720), ("walk",))
    np.testing.assert_allclose(clip.keypoints, in_coco17(one, skeleton), rtol=1e-6)
    assert clip.scores.min() >= 0.3


def test_two_people_who_cross_are_two_clips_in_whatever_order_they_are_listed(tmp_path: Path) -> None:
    people = [
        person("body25", 60, x=200, speed=(7, 0)),
        person("body25", 60, x=627, speed=(-7, 0), seed=1),
    ]
    write_openpose(tmp_path / "walk" / "take1", people)
    clips = OpenPoseSource(tmp_path).clips()
    assert len(clips) == 2
    first = int(clips[0].keypoints[0, 0, 0] > 400)
    for clip, one in zip(clips, (people[first], people[1 - first]), strict=True):
        np.testing.assert_allclose(clip.keypoints, in_coco17(one, "body25"), rtol=1e-6)


def test_joints_and_frames_that_were_not_found_stay_missing(tmp_path: Path) -> None:
    one = person("body25", 30)
    one.scores[5, 10] = 0  # the right knee, of COCO the left ... of the list below
    write_openpose(tmp_path / "sit" / "a", [one], leave_out=(10, 11, 20))
    (clip,) = OpenPoseSource(tmp_path).clips()
    missing = clip.scores == 0
    assert np.array_equal(missing, np.isnan(clip.keypoints).all(axis=2))
    assert np.flatnonzero(missing.all(axis=1)).tolist() == [10, 11, 20]
    assert np.argwhere(missing[:10]).tolist() == [[5, get_skeleton("coco17").joints.index("right_knee")]]


def test_films_in_one_folder_are_told_apart_by_name(tmp_path: Path) -> None:
    for name in ("anna_cam1", "anna_cam2", "bert_cam1"):
        write_openpose(tmp_path / "sit", [person("body25")], name)
    clips = OpenPoseSource(tmp_path, r"(?P<subject>[a-z]+)_(?P<camera>cam\d)").clips()
    assert [(clip.id, clip.label, clip.subject, clip.camera) for clip in clips] == [
        ("sit/anna_cam1", "sit", "anna", "cam1"),
        ("sit/anna_cam2", "sit", "anna", "cam2"),
        ("sit/bert_cam1", "sit", "bert", "cam1"),
    ]


def test_a_folder_of_frames_itself_needs_a_pattern_for_its_label(tmp_path: Path) -> None:
    folder = write_openpose(tmp_path / "sit", [person("body25")], "sit_1")
    with pytest.raises(DataError, match="nothing says which action it is: put it into a folder"):
        OpenPoseSource(folder).clips()
    write_openpose(folder, [person("body25")], "sit_2")
    assert [clip.label for clip in OpenPoseSource(folder, r"/(?P<label>[a-z]+)_\d").clips()] == ["sit", "sit"]


def test_who_is_seen_with_no_joint_at_all_is_nobody(tmp_path: Path) -> None:
    one, nobody = person("body25"), person("body25", x=800)
    write_openpose(tmp_path / "sit" / "a", [one, replace(nobody, scores=np.zeros_like(nobody.scores))])
    assert len(OpenPoseSource(tmp_path, tracks=TrackOptions(min_frames=1)).clips()) == 1


def test_people_of_whom_only_hands_were_found_are_left_out(tmp_path: Path) -> None:
    folder = write_openpose(tmp_path / "sit" / "a", [person("body25")])
    for path in folder.iterdir():
        content = json.loads(path.read_text())
        content["people"].append({"pose_keypoints_2d": [], "hand_left_keypoints_2d": [1, 1, 1]})
        path.write_text(json.dumps(content))
    assert len(OpenPoseSource(tmp_path).clips()) == 1


def test_shares_of_the_picture_become_pixels(tmp_path: Path) -> None:
    one = person("openpose18")
    size = np.array([1280, 720])
    write_openpose(tmp_path / "sit" / "a", [replace(one, keypoints=one.keypoints / size)])
    with pytest.raises(DataError, match=r"are shares of the picture, 0\.\.1: set `image_size`"):
        OpenPoseSource(tmp_path).clips()
    (clip,) = OpenPoseSource(tmp_path, image_size=(1280, 720)).clips()
    np.testing.assert_allclose(clip.keypoints, in_coco17(one, "openpose18"), rtol=1e-4)
    write_openpose(tmp_path / "sit" / "a", [replace(one, keypoints=one.keypoints / size * 2 - 1)])
    with pytest.raises(DataError, match=r"lie in -1\.\.1: run OpenPose with --keypoint_scale 0 or 3"):
        OpenPoseSource(tmp_path, image_size=(1280, 720)).clips()


def spoilt(**person: Any) -> str:
    return json.dumps({"people": [person]})


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a_000000000003_keypoints.json", '{"people": [', "is not whole JSON"),
        ("a_000000000003_keypoints.json", "[]", "has no list 'people': it is not OpenPose's, take it out"),
        ("a_000000000003_keypoints.json", '{"people": [1]}', "has no list 'people'"),
        ("a_000000000003_keypoints.json", spoilt(), "pose_keypoints_2d holds no list, expected 75"),
        (
            "a_000000000003_keypoints.json",
            spoilt(pose_keypoints_2d=[1.0] * 57),
            r"pose_keypoints_2d holds 57 numbers, expected 75 \(25 joints\), 54 \(18 joints\): x, y and score",
        ),
        ("a_000000000003_keypoints.json", spoilt(pose_keypoints_2d=[1.0] * 54), "holds 54 numbers, others 75"),
        ("a_000000000003_keypoints.json", spoilt(pose_keypoints_2d=["x"] * 75), "holds something else than numbers"),
        ("a_000000000003_keypoints.json", spoilt(pose_keypoints_2d=[1e9] * 75), r"holds 1e\+09, which is no coord"),
        ("settings.json", "{}", r"its name holds no number of a frame, as in NAME_000000000012_keypoints\.json"),
    ],
)
def test_a_file_that_is_something_else_is_one_line_that_names_it(
    tmp_path: Path, name: str, content: str, says: str
) -> None:
    folder = write_openpose(tmp_path / "sit" / "a", [person("body25")])
    (folder / name).write_text(content)
    with pytest.raises(DataError, match=says) as caught:
        OpenPoseSource(tmp_path).clips()
    assert "\n" not in str(caught.value)
    assert str(folder / name) in str(caught.value)


def test_folders_without_frames_or_people_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no folder of OpenPose's frames"):
        OpenPoseSource(tmp_path).clips()
    (tmp_path / "sit").mkdir()
    (tmp_path / "sit" / "a_1_keypoints.json").write_text('{"people": []}')
    with pytest.raises(DataError, match="holds no key points: nobody was found in any of its 1 films"):
        OpenPoseSource(tmp_path).clips()


def test_hundreds_of_frames_are_read_in_a_second(tmp_path: Path) -> None:
    import time

    write_openpose(tmp_path / "walk" / "a", [person("body25", 400, x=80 * i + 100, seed=i) for i in range(3)])
    start = time.process_time()
    clips = OpenPoseSource(tmp_path).clips()
    assert [len(clip) for clip in clips] == [400, 400, 400]
    assert time.process_time() - start < 3
