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
from pose.evaluation.external_results import read_results
from pose.evaluation.images import ImageLocation
from pose.evaluation.results import Results
from tests.pose.evaluation.scenes import alphapose, entry, openpose, write
from tests.pose.people import standing

Names = Callable[[Picture], str]


def annotated(folder: Path, *names: str) -> tuple[Annotations, list[ImageLocation]]:
    """A person in each picture, each elsewhere."""
    people = {name: [entry(standing(100 + 60 * row, 50, 100))] for row, name in enumerate(names)}
    annotations = read_annotations(write(folder / "a.json", people))
    places = []
    for picture in annotations.pictures:
        path = PurePosixPath(picture.name)
        video = path.name.isdigit()
        places.append(
            ImageLocation(folder / str(path.parent), int(path.name)) if video else ImageLocation(folder / picture.name)
        )
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
    results = read_results("alphapose", path, annotations, [ImageLocation(tmp_path / "a.jpg")])
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


def whole_video(path: Path, shift: float, frames: int = 6) -> None:
    """AlphaPose's file over a whole video: somebody in each frame, elsewhere in each frame and each video."""
    path.parent.mkdir(parents=True, exist_ok=True)
    poses = [standing(100 + shift + 10 * frame, 50, 100) for frame in range(frames)]
    rows = [np.column_stack([pose, np.full(17, 0.9)]).ravel().tolist() for pose in poses]
    entries = [{"image_id": f"{frame}.jpg", "keypoints": row, "score": 2.0} for frame, row in enumerate(rows)]
    path.write_text(json.dumps(entries))


def left_most(results: Results) -> list[float]:
    """Of each picture where its only person stands, by what `whole_video` wrote: shift + 10 * frame."""
    start = standing(100, 50, 100)[0, 0]
    return [round(float(poses.keypoints[0, 0, 0] - start), 3) if len(poses) else np.nan for poses in results.poses]


@pytest.mark.parametrize("where", ["{}.json", "{}/alphapose-results.json", "{}.mp4.json"])
def test_whole_videos_of_which_few_frames_are_annotated(tmp_path: Path, where: str) -> None:
    annotations, places = annotated(tmp_path, "walk/anna.mp4/4", "walk/bob.mp4/3")
    for video, shift in (("anna", 0), ("bob", 300), ("carl", 600)):
        whole_video(tmp_path / "found" / where.format(video), shift)
    assert left_most(read_results("alphapose", tmp_path / "found", annotations, places)) == [40, 330]


def test_files_of_other_videos_are_passed_over_where_one_is_of_the_annotated_video(tmp_path: Path) -> None:
    annotations, places = annotated(tmp_path, "anna.mp4/4", "anna.mp4/5")
    whole_video(tmp_path / "found/anna.json", 0, frames=5)  # nobody in frame 5
    whole_video(tmp_path / "found/bob.json", 300)
    results = read_results("alphapose", tmp_path / "found", annotations, places)
    np.testing.assert_equal(left_most(results), [40, np.nan])


def test_videos_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    annotations, places = annotated(tmp_path, "fall/1.mp4/4", "walk/1.mp4/3")
    for folder, shift in (("walk", 0), ("fall", 300)):
        whole_video(tmp_path / "found" / folder / "1.json", shift)
    assert left_most(read_results("alphapose", tmp_path / "found", annotations, places)) == [340, 30]
    with pytest.raises(DataError, match="of other pictures"):  # of which of the two?
        read_results("alphapose", (tmp_path / "found/walk").rename(tmp_path / "found/run"), annotations, places)


def test_a_picture_with_a_number_for_a_name_is_no_frame_of_a_video(tmp_path: Path) -> None:
    annotations, places = annotated(tmp_path, "bob.mp4/3", "walk/4.jpg")
    whole_video(tmp_path / "found/bob.json", 300)
    results = read_results("alphapose", tmp_path / "found", annotations, places)
    np.testing.assert_equal(left_most(results), [330, np.nan])
    (tmp_path / "found/pictures.json").write_text(json.dumps(alphapose(annotations, base)[1:]))
    results = read_results("alphapose", tmp_path / "found", annotations, places)
    assert [len(poses) for poses in results.poses] == [1, 1]
    assert left_most(results)[0] == 330


def test_a_picture_that_two_files_name_is_told(tmp_path: Path) -> None:
    annotations, places = annotated(tmp_path, "anna.mp4/4")
    for name in ("one", "other"):
        whole_video(tmp_path / "found" / f"{name}.json", 0)
    with pytest.raises(DataError) as told:
        read_results("alphapose", tmp_path / "found", annotations, places)
    assert str(told.value).startswith(
        f"anna.mp4/4 is there twice, as 4.jpg in {tmp_path}/found/one.json and as 4.jpg in {tmp_path}/found/other.json"
    )


def test_a_whole_name_counts_before_a_part_of_it(tmp_path: Path) -> None:
    annotations, places = annotated(tmp_path, "walk/a.jpg")
    path = tmp_path / "r.json"
    right, wrong = alphapose(annotations), alphapose(annotations, lambda _: "run/a.jpg")
    wrong[0]["keypoints"] = [1.0] * 51
    for entries in (right + wrong, wrong + right):
        path.write_text(json.dumps(entries))
        assert_right(read_results("alphapose", path, annotations, places), annotations)
