"""Small files in exactly AlphaPose's layout, and real ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pose.errors import DataError
from pose.io.safe_pickle import load_arrays
from pose.readers.alphapose import AlphaPoseSource
from pose.readers.sequences import TrackOptions
from pose.skeletons import get_skeleton
from tests.pose.readers.formats import Person, person, write_alphapose, write_alphapose_folder

REAL = Path(__file__).parents[4] / "shared/data/upfall_alphapose"
LAYOUTS = {"coco17": 17, "alphapose18": 18, "halpe26": 26}


def in_coco17(one: Person, skeleton: str) -> np.ndarray:
    return one.keypoints[:, list(get_skeleton(skeleton).find(*get_skeleton("coco17").joints))].astype(np.float32)


@pytest.mark.parametrize("skeleton", LAYOUTS)
@pytest.mark.parametrize(("idx", "box"), [(True, True), (False, True), (False, False)])
def test_key_points_and_scores_of_two_people_are_read(tmp_path: Path, skeleton: str, idx: bool, box: bool) -> None:
    people = [person(skeleton, 20, x=300), person(skeleton, 15, x=700, start=5, seed=1)]
    write_alphapose(tmp_path / "sit" / "results.json", people, idx, box)
    source = AlphaPoseSource(tmp_path, fps=25, image_size=(1280, 720))
    clips = source.clips()
    assert [clip.id for clip in clips] == ["sit/results#0", "sit/results#1"]
    assert source.class_names == ("sit",)
    for clip, one in zip(clips, people, strict=True):
        assert (clip.skeleton, clip.fps, clip.image_size) == ("coco17", 25, (1280, 720))
        assert (clip.label, clip.recording, clip.subject, clip.camera) == ("sit", "sit/results", None, None)
        np.testing.assert_allclose(clip.keypoints, in_coco17(one, skeleton), rtol=1e-6)
        np.testing.assert_allclose(clip.scores, one.scores[:, :17], rtol=1e-6)
        assert clip.keypoints.base is clips[0].keypoints.base


@pytest.mark.parametrize("joints", [133, 136])
def test_of_whole_bodies_the_first_17_joints_are_taken(tmp_path: Path, joints: int) -> None:
    one = person(frames=10)
    whole = Person(np.zeros((10, joints, 2)), np.ones((10, joints)))
    whole.keypoints[:, :17] = one.keypoints
    write_alphapose(tmp_path / "sit" / "a.json", [whole])
    (clip,) = AlphaPoseSource(tmp_path).clips()
    np.testing.assert_allclose(clip.keypoints, one.keypoints.astype(np.float32))


def test_numbers_of_persons_tell_who_is_who_where_boxes_cannot(tmp_path: Path) -> None:
    people = [person(frames=20, x=300), person(frames=20, x=300, start=20, seed=1)]  # one takes the other's place
    apart = AlphaPoseSource(write_alphapose(tmp_path / "sit" / "a.json", people).parent.parent).clips()
    assert [len(clip) for clip in apart] == [20, 20]
    write_alphapose(tmp_path / "sit" / "a.json", people, idx=False)
    assert [len(clip) for clip in AlphaPoseSource(tmp_path).clips()] == [40]


@pytest.mark.parametrize("idx", [[0.0], [[0.0], [0.0]], 0, 3, None, "a", [1, 2], 1.5])
def test_what_is_no_number_of_one_person_is_not_taken_for_one(tmp_path: Path, idx: Any) -> None:
    path = write_alphapose(tmp_path / "sit" / "a.json", [person(x=300), person(x=700, seed=1)])
    entries = [entry | {"idx": idx} for entry in json.loads(path.read_text())]
    path.write_text(json.dumps(entries))
    assert [len(clip) for clip in AlphaPoseSource(tmp_path).clips()] == [20, 20]


def test_missing_joints_and_frames_stay_missing(tmp_path: Path) -> None:
    one = person(frames=30)
    one.scores[3, 5] = one.scores[7, 0] = 0
    frames = [frame for frame in range(30) if frame not in (10, 11, 20)]
    write_alphapose(tmp_path / "sit" / "a.json", [one], frames=frames)
    (clip,) = AlphaPoseSource(tmp_path).clips()
    missing = np.isnan(clip.keypoints).all(axis=2)
    assert np.array_equal(missing, clip.scores == 0)
    assert np.flatnonzero(missing.all(axis=1)).tolist() == [10, 11, 20]
    assert np.argwhere(missing[:10]).tolist() == [[3, 5], [7, 0]]


def test_a_long_gap_makes_two_clips_of_one_recording(tmp_path: Path) -> None:
    frames = [*range(15), *range(30, 50)]
    write_alphapose(tmp_path / "sit" / "a.json", [person(frames=50)], frames=frames)
    source = AlphaPoseSource(tmp_path, tracks=TrackOptions(max_gap=14))
    assert [(clip.id, len(clip), clip.recording) for clip in source.clips()] == [
        ("sit/a#0", 15, "sit/a"),
        ("sit/a#1", 20, "sit/a"),
    ]
    assert len(AlphaPoseSource(tmp_path, tracks=TrackOptions(max_gap=15)).clips()) == 1


def test_short_tracks_and_bystanders_are_left_out_and_counted(tmp_path: Path) -> None:
    people = [person(frames=40), person(frames=30, x=700, seed=1), person(frames=5, x=1100, seed=2)]
    write_alphapose(tmp_path / "sit" / "a.json", people)
    source = AlphaPoseSource(tmp_path)
    assert [len(clip) for clip in source.clips()] == [40, 30]
    assert source.left_out == 1
    source = AlphaPoseSource(tmp_path, tracks=TrackOptions(max_people=1))
    assert [len(clip) for clip in source.clips()] == [40]
    assert source.left_out == 2


def test_pictures_of_several_films_in_one_file_are_told_apart_by_name(tmp_path: Path) -> None:
    for film in ("anna_cam1", "anna_cam2"):
        write_alphapose(tmp_path / f"{film}.json", [person()], image=(film + "_{:05}.png").format)
    entries = [entry for film in sorted(tmp_path.glob("*.json")) for entry in json.loads(film.read_text())]
    (tmp_path / "walk").mkdir()
    (tmp_path / "walk" / "all.json").write_text(json.dumps(entries))
    clips = AlphaPoseSource(
        tmp_path / "walk" / "all.json", r"(?P<label>all)/(?P<subject>[a-z]+)_(?P<camera>\w+)"
    ).clips()
    assert [(clip.id, clip.label, clip.subject, clip.camera) for clip in clips] == [
        ("all/anna_cam1", "all", "anna", "cam1"),
        ("all/anna_cam2", "all", "anna", "cam2"),
    ]


def test_frames_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    one = person(frames=120, speed=(2, 0))
    path = write_alphapose(tmp_path / "walk" / "a.json", [one])
    path.write_text(json.dumps(sorted(json.loads(path.read_text()), key=lambda entry: entry["image_id"])))
    (clip,) = AlphaPoseSource(tmp_path).clips()
    np.testing.assert_allclose(clip.keypoints, one.keypoints.astype(np.float32))


def test_numbers_as_image_ids_and_a_score_above_1_are_taken(tmp_path: Path) -> None:
    one = person()
    one.scores[4, 2] = 1.09
    path = write_alphapose(tmp_path / "sit" / "a.json", [one])
    entries = json.loads(path.read_text())
    path.write_text(json.dumps([entry | {"image_id": number} for number, entry in enumerate(entries)]))
    (clip,) = AlphaPoseSource(tmp_path).clips()
    assert (len(clip), clip.scores[4, 2]) == (20, 1)


def test_a_film_in_which_nobody_was_found_is_left_out(tmp_path: Path) -> None:
    write_alphapose_folder(tmp_path, takes=2)
    (tmp_path / "walk" / "empty.json").write_text("[]")
    assert len(AlphaPoseSource(tmp_path).clips()) == 4


def test_who_is_no_person_is_left_out(tmp_path: Path) -> None:
    path = write_alphapose(tmp_path / "sit" / "a.json", [person(), person(x=700)])
    entries = json.loads(path.read_text())
    path.write_text(json.dumps([entry | {"category_id": 16} if entry["idx"] == 2 else entry for entry in entries]))
    assert len(AlphaPoseSource(tmp_path).clips()) == 1


# What is wrong --------------------------------------------------------------------------------------------------------


def spoilt(change: dict[str, Any]) -> Any:
    entry = {
        "image_id": "0.jpg",
        "category_id": 1,
        "keypoints": [1.0] * 51,
        "score": 1.0,
        "box": [0, 0, 9, 9],
        "idx": 1,
    }
    return json.dumps([entry | {"category_id": 16}, entry, entry | change])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('[{"image_id": ', r"is not whole JSON, Expecting value: line 1 column 15 \(char 14\): write the file again"),
        ("", "is not whole JSON"),
        (b"\xff\xfe[", "is not whole JSON"),
        ("[" * 100_000, "is nested too deeply"),
        ('{"0.jpg": {"bodies": []}}', "holds no list: AlphaPose's own format is read, so run it without --format"),
        ("[1, 2]", "entry 0 has no image_id: it is not a result of AlphaPose"),
        ('[{"image_id": "0.jpg"}]', "entry 0 has no keypoints"),
        ("[]", "holds no key points: nobody was found in any of its 1 films"),
        (spoilt({"keypoints": [1.0] * 50}), r"keypoints of entry 2 holds 50 numbers, expected 51 \(17 joints\), 54"),
        (spoilt({"keypoints": [1.0] * 54}), r"keypoints of entry 2 holds 54 numbers, others 51: put each kind into"),
        (spoilt({"keypoints": {}}), r"keypoints of entry 2 holds no list, expected 51"),
        (spoilt({"keypoints": [[1.0]] * 51}), r"keypoints of entry 2 holds something else than numbers"),
        (spoilt({"keypoints": ["a"] * 51}), r"keypoints of entry 2 holds something else than numbers"),
        (spoilt({"keypoints": [10**400] * 51}), r"keypoints of entry 2 holds something else than numbers"),
        (spoilt({"keypoints": [1e30] * 51}), r"keypoints of entry 2 holds 1e\+30, which is no coordinate in pixels"),
        (spoilt({"keypoints": [float("inf")] * 51}), r"keypoints of entry 2 holds inf, which is no coordinate"),
        (spoilt({"image_id": "cover.jpg"}), "in image_id, the name 'cover.jpg' holds no number and no time"),
    ],
)
def test_a_file_that_is_something_else_is_one_line_that_names_it(tmp_path: Path, content: Any, says: str) -> None:
    (tmp_path / "sit").mkdir()
    path = tmp_path / "sit" / "bad.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=says) as caught:
        AlphaPoseSource(tmp_path).clips()
    assert "\n" not in str(caught.value)
    assert str(path if "nobody" not in says else tmp_path) in str(caught.value)


def test_numbers_that_are_none_make_missing_joints(tmp_path: Path) -> None:
    one = person()
    path = write_alphapose(tmp_path / "sit" / "a.json", [one])
    entries = json.loads(path.read_text())
    entries[2]["keypoints"][9] = float("nan")
    entries[4]["keypoints"][13] = None
    entries[6]["keypoints"][17] = float("nan")
    path.write_text(json.dumps(entries))
    (clip,) = AlphaPoseSource(tmp_path).clips()
    assert np.argwhere(clip.scores == 0).tolist() == [[2, 3], [4, 4], [6, 5]]


def test_a_folder_without_files_says_what_to_name(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no AlphaPose results \(\.json\): name the folder that they lie in"):
        AlphaPoseSource(tmp_path).clips()


def test_where_everybody_passes_by_it_says_which_key_to_set(tmp_path: Path) -> None:
    write_alphapose(tmp_path / "sit" / "a.json", [person(frames=8)])
    with pytest.raises(DataError, match=r"nobody is seen in 9 frames: set `min_frames` lower"):
        AlphaPoseSource(tmp_path).clips()


# Real files -----------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not REAL.exists(), reason=f"the real files are not here: {REAL}")
def test_real_files_are_read() -> None:
    pattern = r"(?P<label>Activity\d+)/(?P<subject>\d{4}-\d\d-\d\d)"
    source = AlphaPoseSource(REAL, pattern, fps=20, image_size=(640, 480))
    clips = source.clips()
    assert source.class_names == ("Activity1", "Activity3", "Activity4", "Activity5", "Activity9")
    assert (len(clips), sum(map(len, clips)), source.left_out) == (177, 16_451, 273)
    assert len({clip.subject for clip in clips}) == 5
    # Each recording begins where somebody else's cut of the same files has it, apart from three short pauses.
    recordings = {clip.recording for clip in clips}
    cut = {str(each["frame_dir"]) for each in load_arrays(REAL / "upfall_alphapose.pkl")["annotations"]}
    assert {_as_in_the_pickle(name) for name in recordings} <= cut
    assert (len(recordings), len(cut)) == (77, 80)
    for clip in clips:
        found = clip.keypoints[clip.scores > 0]
        assert ((found > -60) & (found < 700)).all()
        assert clip.scores.max() <= 1


def _as_in_the_pickle(recording: str) -> str:
    activity, _, time = recording.partition("/")
    return f"A0{activity.removeprefix('Activity')}_{time.partition('.')[0].replace('-', '').replace('_', '')}"


@pytest.mark.skipif(not REAL.exists(), reason=f"the real files are not here: {REAL}")
def test_the_same_person_is_followed_in_real_files_as_by_somebody_else() -> None:
    clips = AlphaPoseSource(REAL, r"(?P<label>Activity\d+)", fps=20).clips()
    by_start: dict[str, list[Any]] = {}
    for clip in clips:
        by_start.setdefault(_as_in_the_pickle(clip.recording), []).append(clip)
    alike = []
    for annotation in load_arrays(REAL / "upfall_alphapose.pkl")["annotations"]:
        theirs = annotation["keypoint"][0].astype(np.float32)
        ours = [
            clip.keypoints[~np.isnan(clip.keypoints).all(axis=(1, 2))]
            for clip in by_start.get(annotation["frame_dir"], [])
        ]
        near = [np.abs(one[None, :, 0] - theirs[:, None, 0]).max(axis=2).min(axis=1) < 0.5 for one in ours]
        alike += [max(same.mean() for same in near)] if near else []
    assert np.median(alike) > 0.9
