"""AnnotatedPeople pictures are found: files, and frames of videos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pose.errors import DataError
from pose.evaluation.annotations import Annotations, read_annotations
from pose.evaluation.images import TimedReader, find_pictures
from tests.pose.evaluation.scenes import entry, write, write_image, write_video
from tests.pose.people import standing

PERSON = standing(40, 10, 50)


def annotated(folder: Path, *names: str) -> Annotations:
    return read_annotations(write(folder / "a.json", {name: [entry(PERSON)] for name in names}))


def shades(annotations: Annotations, folder: Path) -> list[int]:
    """The shade of grey of each picture, which tells which one it is."""
    reader = TimedReader(find_pictures(annotations, folder))
    found = [int(np.median(image)) for image in reader]
    assert reader.seconds > 0
    return found


def test_pictures_lie_below_the_folder(tmp_path: Path) -> None:
    write_image(tmp_path / "walk" / "a.png", 50)
    write_image(tmp_path / "b.png", 90)
    assert shades(annotated(tmp_path, "walk/a.png", "b.png"), tmp_path) == [90, 50]


@pytest.mark.parametrize("name", ["walk/anna.mp4", "walk/anna"])
def test_frames_of_videos_are_counted_from_0(tmp_path: Path, name: str) -> None:
    write_video(tmp_path / "walk" / "anna.mp4", range(20, 220, 10))
    found = shades(annotated(tmp_path, *(f"{name}/{frame}" for frame in (0, 3, 12, 19))), tmp_path)
    assert found == pytest.approx([20, 50, 140, 210], abs=4)


def test_path_may_be_the_only_video(tmp_path: Path) -> None:
    write_video(tmp_path / "anna.mp4", [100, 150])
    assert shades(annotated(tmp_path, "anna.mp4/000001"), tmp_path / "anna.mp4") == pytest.approx([150], abs=4)


def test_numbers_may_also_be_the_names_of_pictures(tmp_path: Path) -> None:
    write_image(tmp_path / "anna" / "7.png", 70)
    assert shades(annotated(tmp_path, "anna/7.png"), tmp_path) == [70]


def test_a_frame_behind_the_end_is_told(tmp_path: Path) -> None:
    write_video(tmp_path / "anna.mp4", [100] * 5)
    with pytest.raises(DataError, match=r"anna\.mp4: it has no frame 5, which is annotated"):
        shades(annotated(tmp_path, "anna.mp4/4", "anna.mp4/5"), tmp_path)


def test_missing_pictures_are_counted_and_the_folder_is_told(tmp_path: Path) -> None:
    write_image(tmp_path / "a.png", 50)
    annotations = annotated(tmp_path, "a.png", "b.png", "c/000001", "d.png")
    with pytest.raises(DataError, match=r"b\.png and 2 more of .*a\.json not found in .*: set path to the folder"):
        find_pictures(annotations, tmp_path)
    with pytest.raises(DataError, match=r"nowhere is not there: set path"):
        find_pictures(annotations, tmp_path / "nowhere")


def test_a_name_of_two_videos_is_of_neither(tmp_path: Path) -> None:
    for suffix in ("mp4", "avi"):
        write_video(tmp_path / f"anna.{suffix}", [100])
    with pytest.raises(DataError, match="not found"):
        find_pictures(annotated(tmp_path, "anna/0"), tmp_path)


def test_a_file_that_is_no_picture_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(DataError, match=r"a\.png is no picture"):
        shades(annotated(tmp_path, "a.png"), tmp_path)
