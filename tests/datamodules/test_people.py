"""Data modules of other pose estimators' files, from files to windows."""

from __future__ import annotations

from pathlib import Path

import pytest

from datamodules.aihub import AIHubDataModule
from datamodules.alphapose import AlphaPoseDataModule
from datamodules.openpose import OpenPoseDataModule
from datamodules.people import PeopleDataModule
from tests.pose.readers.formats import (
    person,
    write_aihub_folder,
    write_alphapose,
    write_alphapose_folder,
    write_openpose_folder,
)


def test_without_a_reader_it_says_which_method_to_write() -> None:
    with pytest.raises(TypeError, match=r"PeopleDataModule has no reader of files: write its method reader\(\)"):
        PeopleDataModule("x", split={"protocol": "clip"}).setup()


def test_people_and_what_was_left_out_of_them(tmp_path: Path) -> None:
    write_alphapose_folder(tmp_path)
    write_alphapose(tmp_path / "walk" / "two.json", [person(frames=24), person(frames=10, x=900, seed=1)])
    data = AlphaPoseDataModule(str(tmp_path), min_frames=11, fps=25, split={"protocol": "clip"})
    data.setup()
    assert (data.class_names, data.fps, data.skeleton.name) == (("fall", "walk"), 25, "coco17")
    counts = data.summary()
    assert (counts["frames"], counts["tracks_left_out"]) == (13 * 24, 1)
    data.setup("test")
    assert data.summary() == counts


def test_all_cameras_of_a_take_are_on_one_side(tmp_path: Path) -> None:
    write_aihub_folder(tmp_path, cameras=3)
    data = AIHubDataModule(str(tmp_path), {1: "walk", 6: "fall", 7: "jump"}, split={"protocol": "clip"})
    data.setup()
    assert (data.class_names, data.fps, data.skeleton.name) == (("walk", "fall"), 3, "aihub16")
    sides = [{data.clip_names[i].recording for i in clips} for clips in data.parts.clips.values()]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 12


def test_held_out_people_by_what_a_pattern_finds(tmp_path: Path) -> None:
    write_openpose_folder(tmp_path)
    pattern = r"_(?P<subject>P\d)"
    data = OpenPoseDataModule(str(tmp_path), pattern, split={"protocol": "subject", "val_fraction": 0})
    data.setup()
    train, test = ({data.clip_names[i].subject for i in data.parts.clips[part]} for part in ("train", "test"))
    assert (len(train), len(test), train & test) == (2, 1, set())
