"""Labels from folders, names and manifests; frames from the names of pictures."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pose.errors import DataError
from pose.readers.alphapose import AlphaPoseSource
from pose.readers.frame_names import place_images
from pose.readers.labels import Labelling, Unit
from pose.readers.openpose import OpenPoseSource
from tests.pose.readers.formats import person, write_alphapose, write_openpose


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for label in ("walk", "fall"):
        write_alphapose(tmp_path / "data" / label / "day1" / f"{label}_anna_cam1.json", [person(frames=90)])
    return tmp_path / "data"


def manifest(folder: Path, *lines: str) -> Path:
    path = folder / "films.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_first_folder_is_the_label(folder: Path) -> None:
    source = AlphaPoseSource(folder)
    assert source.class_names == ("fall", "walk")
    assert [(clip.label, clip.recording) for clip in source.clips()] == [
        ("fall", "fall/day1/fall_anna_cam1"),
        ("walk", "walk/day1/walk_anna_cam1"),
    ]


def test_a_pattern_may_say_everything(folder: Path) -> None:
    pattern = r"day1/(?P<label>\w+?)_(?P<recording>(?P<subject>[a-z]+)_)(?P<camera>cam\d)"
    clips = AlphaPoseSource(folder / "fall", pattern).clips()
    assert [(clip.label, clip.recording, clip.subject, clip.camera) for clip in clips] == [
        ("fall", "anna_", "anna", "cam1")
    ]


@pytest.mark.parametrize(
    ("pattern", "says"), [("x(?P<label>y)", "does not match the name fall/"), ("(", "neither ntu")]
)
def test_a_pattern_that_fits_nothing_is_refused(folder: Path, pattern: str, says: str) -> None:
    with pytest.raises(DataError, match=f"`id_pattern`.*{says}"):
        AlphaPoseSource(folder, pattern).clips()


def test_a_file_in_no_folder_of_an_action_is_refused(folder: Path) -> None:
    path = write_alphapose(folder / "stray.json", [person()])
    with pytest.raises(DataError, match=r"stray\.json: nothing says which action it is") as caught:
        AlphaPoseSource(folder).clips()
    assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="nothing says which action it is"):
        AlphaPoseSource(path).clips()


def test_a_manifest_says_what_is_in_which_seconds(folder: Path) -> None:
    path = manifest(
        folder,
        "path,label,subject,camera,recording,start,end",
        "walk/day1/walk_anna_cam1.json,walk,anna,cam1,take1,,1.5",
        "walk/day1/walk_anna_cam1.json,fall,anna,cam1,take1,1.5,2.5",
        "fall/day1/fall_anna_cam1.json,fall,,,,,",
    )
    source = AlphaPoseSource(path, fps=30)
    assert source.class_names == ("fall", "walk")
    assert [(clip.id, clip.label, clip.recording, clip.subject, clip.camera, len(clip)) for clip in source.clips()] == [
        ("walk/day1/walk_anna_cam1@0-1.5", "walk", "take1", "anna", "cam1", 45),
        ("walk/day1/walk_anna_cam1@1.5-2.5", "fall", "take1", "anna", "cam1", 30),
        ("fall/day1/fall_anna_cam1", "fall", "fall/day1/fall_anna_cam1", None, None, 90),
    ]


def test_what_a_manifest_leaves_open_the_pattern_fills_in(folder: Path) -> None:
    path = manifest(folder, "path, label, subject", "walk/day1/walk_anna_cam1.json, walk, berta")
    (clip,) = AlphaPoseSource(path, r"(?P<subject>anna)_(?P<camera>cam\d)").clips()
    assert (clip.label, clip.subject, clip.camera) == ("walk", "berta", "cam1")


def test_a_manifest_may_name_folders_of_frames(tmp_path: Path) -> None:
    write_openpose(tmp_path / "f1", [person("body25")])
    write_openpose(tmp_path / "f2", [person("body25")])
    clips = OpenPoseSource(manifest(tmp_path, "label,path", "sit,f1", "fall,f2")).clips()
    assert [(clip.id, clip.label) for clip in clips] == [("f1", "sit"), ("f2", "fall")]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["path,lable", "a.json,walk"], "column 'lable' is not known: call it label"),
        (
            ["path,label,colour", "a.json,walk,red"],
            "column 'colour' is not known: the columns are path, label, subject",
        ),
        (["label", "walk"], "has no column path: its first line names the columns"),
        (["path", "a.json"], "has no column label"),
        (["path,label"], "has no rows: add one for each film"),
        ([], "has no column path"),
        (["path;label", "a.json;walk"], "column 'path;label' is not known: the columns are .*, separated by commas"),
        (["path,label", "a.json,walk,x"], "line 2: has not as many values as there are columns"),
        (["path,label", "a.json"], "line 2: has not as many values as there are columns"),
        (["path,label", 'a.json,"walk'], "is no table of comma-separated values: unexpected end of data"),
        (["path,label", "a.json,walk"], r"a\.json is no AlphaPose results \(\.json\): mend the column path"),
        (["path,label", "walk,walk"], "walk is no AlphaPose results"),
        (["path,label", "walk/day1/walk_anna_cam1.json,"], "line 2: label is empty: fill it in"),
        (["path,label,start", "walk/day1/walk_anna_cam1.json,walk,now"], "line 2: start is 'now': give seconds"),
        (["path,label,start", "walk/day1/walk_anna_cam1.json,walk,nan"], "line 2: start is 'nan': give seconds"),
        (["path,label,start,end", "walk/day1/walk_anna_cam1.json,walk,3,2"], "line 2: from 3 to 2 seconds there is"),
        (["path,label,start", "walk/day1/walk_anna_cam1.json,walk,-1"], "line 2: from -1 to inf seconds there is"),
        (["path,label", *["walk/day1/walk_anna_cam1.json,walk"] * 2], "walk_anna_cam1 is there twice"),
    ],
)
def test_a_manifest_that_is_wrong_is_one_line(folder: Path, lines: list[str], says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        AlphaPoseSource(manifest(folder, *lines)).clips()
    assert "\n" not in str(caught.value)


def test_a_manifest_in_another_encoding_is_refused(folder: Path) -> None:
    (folder / "films.csv").write_bytes("path,label\na.json,gehört\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"films\.csv is not in UTF-8: save it as CSV in UTF-8"):
        AlphaPoseSource(folder / "films.csv").clips()


# Frames ---------------------------------------------------------------------------------------------------------------


def test_the_last_number_of_a_name_is_the_frame() -> None:
    names = ["12.jpg", "0", "anna_cam2_000007.png", "walk-3.jpeg", "a/b 1/frame0010_rendered.png"]
    assert [tuple(place) for place in place_images(names, 30).values()] == [
        ("", 12),
        ("", 0),
        ("anna_cam2", 7),
        ("walk", 3),
        ("a/b 1/frame", 10),
    ]


def test_times_order_frames_and_a_pause_begins_another_sequence() -> None:
    names = [
        "2018-07-04T12_04_17.738369.png",
        "2018-07-04T12_04_17.790509.png",  # a frame later
        "2018-07-04T12_04_17.790509 (1).png",  # a copy
        "2018-07-04T12_04_17.990509.png",  # four frames later
        "2018-07-04T12_04_18.000001.png",  # sooner than a frame
        "2018-07-04T12_04_24.000000.png",  # six seconds later
    ]
    places = place_images(names[::-1], 20)
    assert len(places) == 5
    found = [tuple(places[name]) for name in names if name in places]
    first, later = "2018-07-04T12_04_17.738369", "2018-07-04T12_04_24.000000"
    assert found == [(first, 0), (first, 1), (first, 5), (first, 6), (later, 0)]


def test_what_only_looks_like_a_time_is_a_number() -> None:
    assert tuple(place_images(["2018-13-04T12_04_17.5"], 30).values()) == (("2018-13-04T12_04_17", 5),)


def test_a_name_without_order_is_refused() -> None:
    with pytest.raises(DataError, match=r"'cover\.jpg' holds no number and no time"):
        place_images(["1.jpg", "cover.jpg"], 30)


def test_a_parquet_manifest_says_the_same_as_a_csv(folder: Path) -> None:
    csv = manifest(folder, "video,label,camera,start,end", "walk/day1/walk_anna_cam1.json,walk,1,0,0.5")
    with csv.open("a") as file:
        file.write("walk/day1/walk_anna_cam1.json,run,,0.5,\n")
    table = pd.read_csv(csv)
    table["camera"] = table["camera"].astype("Int64")
    table.to_parquet(folder / "films.parquet")
    listed = [[unit.rows for unit in _units(path)] for path in (csv, folder / "films.parquet")]
    assert listed[0] == listed[1]
    assert listed[0][0][0].camera == "1"


def test_a_file_that_is_no_parquet_is_one_line(folder: Path) -> None:
    (folder / "films.parquet").write_text("no table")
    with pytest.raises(DataError, match=r"films\.parquet is no Parquet file"):
        _units(folder / "films.parquet")


def _units(path: Path) -> list[Unit]:
    return list(Labelling(path, None, lambda unit: [unit], "file").units())
