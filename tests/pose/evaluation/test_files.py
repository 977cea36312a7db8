"""What AlphaPose and OpenPose wrote is put beside the right pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from pose.errors import DataError
from pose.evaluation.annotations import Annotations, Picture, read_annotations
from pose.evaluation.average_precision import average_precision
from pose.evaluation.files import read_results
from pose.evaluation.pictures import Place
from pose.evaluation.results import Results
from tests.pose.evaluation.scenes import alphapose, entry, openpose, write
from tests.pose.people import standing

Names = Callable[[Picture], str]


def annotated(folder: Path, *names: str) -> tuple[Annotations, list[Place]]:
    """A person in each picture, each elsewhere."""
    people = {name: [entry(standing(100 + 60 * row, 50, 100))] for row, name in enumerate(names)}
    annotations = read_annotations(write(folder / "a.json", people))
    places = []
    for picture in annotations.pictures:
        path = PurePosixPath(picture.name)
        video = path.name.isdigit()
        places.append(Place(folder / str(path.parent), int(path.name)) if video else Place(folder / picture.name))
    return annotations, places


def assert_right(results: Results, annotations: Annotations) -> None:
    assert average_precision(annotations.pictures, results)["AP"] == pytest.approx(1)
    for picture, poses in zip(annotations.pictures, results.poses, strict=True):
        np.testing.assert_allclose(poses.keypoints, picture.people.keypoints, atol=1e-3)


def base(picture: Picture) -> str:
    return PurePosixPath(picture.name).name


def stem(picture: Picture) -> str:
    return PurePosixPath(picture.name).stem


def number(picture: Picture) -> str:
    return f"{int(base(picture))}.jpg"


@pytest.mark.parametrize("name", [lambda picture: picture.name, base, stem], ids=["whole", "base", "stem"])
def test_alphapose_knows_pictures_by_name(tmp_path: Path, name: Names) -> None:
    annotations, places = annotated(tmp_path, "walk/a.jpg", "walk/b.jpg", "c.jpg")
    path = tmp_path / "alphapose-results.json"
    path.write_text(json.dumps(alphapose(annotations, name)))
    assert_right(read_results("alphapose", path, annotations, places), annotations)


def test_alphapose_ranks_people_by_its_own_score(tmp_path: Path) -> None:
    people = [entry(standing(100, 50, 100)), entry(standing(400, 50, 100))]
    annotations = read_annotations(write(tmp_path / "a.json", {"a.jpg": people}))
    path = tmp_path / "r.json"
    path.write_text(json.dumps(alphapose(annotations)))
    results = read_results("alphapose", path, annotations, [Place(tmp_path / "a.jpg")])
    assert results.ranks[0].tolist() == [3.0, 2.9]


def test_alphapose_counts_the_frames_of_one_video(tmp_path: Path) -> None:
    annotations, places = annotated(tmp_path, "walk/anna.mp4/3", "walk/anna.mp4/12")
    path = tmp_path / "alphapose-results.json"
    path.write_text(json.dumps(alphapose(annotations, number)))
    assert_right(read_results("alphapose", path, annotations, places), annotations)


@pytest.mark.parametrize("where", ["{}.json", "{}/alphapose-results.json"])
def test_of_several_videos_the_path_tells_which(tmp_path: Path, where: str) -> None:
    annotations, places = annotated(tmp_path, "walk/anna.mp4/3", "walk/bob.mp4/3", "walk/bob.mp4/4")
    for video in ("anna", "bob"):
        path = tmp_path / "found" / where.format(video)
        path.parent.mkdir(parents=True, exist_ok=True)
        mine = [row for row in alphapose(annotations, lambda picture: picture.name) if video in row["image_id"]]
        path.write_text(json.dumps([{**row, "image_id": row["image_id"].split("/")[-1] + ".jpg"} for row in mine]))
    assert_right(read_results("alphapose", tmp_path / "found", annotations, places), annotations)


def test_openpose_knows_pictures_by_name(tmp_path: Path) -> None:
    annotations, places = annotated(tmp_path, "walk/a.jpg", "000000000785.jpg")
    assert_right(
        read_results("openpose", openpose(annotations, tmp_path / "op", stem), annotations, places), annotations
    )


def test_openpose_knows_frames_by_name_and_number_of_the_video(tmp_path: Path) -> None:
    annotations, places = annotated(tmp_path, "walk/anna.mp4/3", "walk/bob.mp4/3")
    folder = openpose(
        annotations, tmp_path / "op", lambda p: f"{PurePosixPath(p.name).parent.stem}_{int(base(p)):012d}"
    )
    assert_right(read_results("openpose", folder, annotations, places), annotations)


def test_openpose_lacks_joints_it_has_not_found(tmp_path: Path) -> None:
    annotations, places = annotated(tmp_path, "a.jpg")
    folder = openpose(annotations, tmp_path / "op", stem)
    file = folder / "a_keypoints.json"
    content = json.loads(file.read_text())
    content["people"][0]["pose_keypoints_2d"][:3] = [0, 0, 0]
    file.write_text(json.dumps(content))
    results = read_results("openpose", folder, annotations, places)
    assert np.isnan(results.poses[0].keypoints[0, 0]).all()
    assert results.poses[0].scores[0, 0] == 0
    assert results.ranks[0] == pytest.approx([16 * 0.8 / 25])


def test_pictures_that_a_file_does_not_name_hold_nobody(tmp_path: Path) -> None:
    annotations, places = annotated(tmp_path, "a.jpg", "b.jpg")
    path = tmp_path / "r.json"
    path.write_text(json.dumps(alphapose(annotations)[:1]))
    results = read_results("alphapose", path, annotations, places)
    assert [len(poses) for poses in results.poses] == [1, 0]
    assert results.speeds == {}


def test_names_that_two_pictures_share_are_of_neither(tmp_path: Path) -> None:
    annotations, places = annotated(tmp_path, "walk/a.jpg", "run/a.jpg")
    path = tmp_path / "r.json"
    path.write_text(json.dumps(alphapose(annotations, base)))
    with pytest.raises(DataError, match="of other pictures"):
        read_results("alphapose", path, annotations, places)


def test_files_of_other_pictures_are_told(tmp_path: Path) -> None:
    annotations, places = annotated(tmp_path, "a.jpg")
    path = tmp_path / "r.json"
    path.write_text(json.dumps(alphapose(annotations, lambda _: "elsewhere.jpg")))
    with pytest.raises(DataError, match=r"r\.json is of other pictures than .*: it names elsewhere\.jpg, not a\.jpg"):
        read_results("alphapose", path, annotations, places)
    path.write_text("[]")
    with pytest.raises(DataError, match="it names no picture"):
        read_results("alphapose", path, annotations, places)
    with pytest.raises(DataError, match=r"nowhere of files\.alphapose is not there"):
        read_results("alphapose", tmp_path / "nowhere", annotations, places)


def test_openpose_in_shares_of_the_picture_is_refused(tmp_path: Path) -> None:
    annotations, places = annotated(tmp_path, "a.jpg")
    folder = openpose(annotations, tmp_path / "op", stem)
    file = folder / "a_keypoints.json"
    shares = [[0.5, 0.5, 0.9] * 25]
    file.write_text(json.dumps({"people": [{"pose_keypoints_2d": row} for row in shares]}))
    with pytest.raises(DataError, match="--keypoint_scale 0"):
        read_results("openpose", folder, annotations, places)
