"""Real runs of train.py on other tools' files."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import LITTLE, Typist
from tests.pose.readers.formats import (
    person,
    write_aihub,
    write_aihub_folder,
    write_alphapose,
    write_alphapose_folder,
    write_openpose_folder,
)

REAL = Path(__file__).parents[2] / "shared/data/upfall_alphapose"
LITTLE_FILE = f"{LITTLE} tracking.log_model=never progress=false"
LEARNED = f"{LITTLE_FILE} trainer.max_epochs=15 model.num_layers=1 optimizer.lr=0.02"
WRITERS = {
    "alphapose": write_alphapose_folder,
    "openpose": write_openpose_folder,
    "aihub": write_aihub_folder,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
def test_walks_and_falls_are_told_apart(name: str, typist: Typist, tmp_path: Path) -> None:
    writer: Callable[[Path], Path] = WRITERS[name]
    data = f"datamodule={name} datamodule.path={writer(tmp_path)} datamodule.abnormal_classes=[fall]"
    done = typist.train(f"{data} {LEARNED} datamodule.stride=1")
    metrics, tags = done.run.data.metrics, done.run.data.tags
    assert {"test/recall/walk", "test/recall/fall", "test/abnormal_recall"} <= metrics.keys()
    assert metrics["test/clip_accuracy"] == 1
    films = 24 if name == "aihub" else 12
    assert tags["data.frames"] == str(films * 24)


@pytest.mark.slow
def test_held_out_people_by_a_pattern_in_the_names(typist: Typist, tmp_path: Path) -> None:
    write_alphapose_folder(tmp_path)
    words = f"datamodule=alphapose datamodule.path={tmp_path} datamodule/split=subject datamodule.split.val_fraction=0"
    ended = typist.type(f"{words} {LITTLE_FILE}")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == (
        "error: the data names no subjects to split by: set datamodule.id_pattern to a regex with a group subject, "
        "or use datamodule/split=clip\n"
    )
    pattern = r"_(?P<subject>P\d)"
    done = typist.train(f"{words} 'datamodule.id_pattern=\"{pattern}\"' {LITTLE_FILE}")
    assert done.run.data.tags["data.clips_test"] == "4"


@pytest.mark.slow
def test_an_action_of_the_users_own_is_added_to_the_table(typist: Typist, tmp_path: Path) -> None:
    write_aihub_folder(tmp_path, cameras=1)
    for take in range(1, 7):
        write_aihub(tmp_path, [person("aihub16", 24, speed=(0, -6), seed=take)], 7, take=take)
    words = f"datamodule=aihub datamodule.path={tmp_path} {LITTLE_FILE}"
    ended = typist.type(words)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == (
        f"error: {tmp_path} holds actions that have no name, 7: type '+datamodule.actions={{7: NAME}}', "
        "and datamodule.classes to keep some of them only\n"
    )
    for typed in ("+datamodule.actions.7=jump", "'+datamodule.actions={7: jump}'"):
        done = typist.train(f"{words} {typed}")
        assert "test/recall/jump" in done.run.data.metrics
        assert done.run.data.params["datamodule.actions.7"] == "jump"
    again = typist.train(f"from_run={done.id} tracking.log_model=never tracking.experiment=test progress=false")
    assert again.history() == done.history()


@pytest.mark.slow
def test_tracks_that_are_left_out_are_told(typist: Typist, tmp_path: Path) -> None:
    write_alphapose_folder(tmp_path)
    words = f"datamodule=alphapose datamodule.path={tmp_path} {LITTLE_FILE}"
    ended = typist.type(f"{words} datamodule.min_frames=25")
    assert (ended.status, ended.out) == (1, "")
    assert "nobody is seen in 25 frames: set datamodule.min_frames lower" in ended.err
    for label in ("walk", "fall"):
        people = [person(frames=24), person(frames=10, x=900, seed=1)]
        write_alphapose(tmp_path / label / "two.json", people)
    ended = typist.type(f"{words} datamodule.min_frames=20")
    assert (ended.status, ended.err) == (0, "")
    assert re.search(r"frames in no window, 2 tracks of people left out$", ended.out, re.MULTILINE)
    assert typist.done(ended.run_id).run.data.tags["data.tracks_left_out"] == "2"


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason=f"{REAL} is not on this machine")
def test_real_files_of_alphapose_train(typist: Typist) -> None:
    pattern = r"(?P<label>Activity\d+)/(?P<subject>\d{4}-\d\d-\d\d)"
    data = f"datamodule=alphapose datamodule.path={REAL} datamodule.fps=20 datamodule.image_size=[640,480]"
    done = typist.train(
        f"{data} datamodule.max_people=1 'datamodule.id_pattern=\"{pattern}\"' datamodule/split=subject {LITTLE_FILE}"
    )
    assert done.run.data.tags["data.frames"] == "11767"
    assert done.run.data.metrics["test/accuracy"] > 0.2
