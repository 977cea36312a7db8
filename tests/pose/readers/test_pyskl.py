"""Small files in exactly PYSKL's layout, and a real one."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pose.errors import DataError
from pose.readers.pyskl import PysklSource

REAL = Path(__file__).parents[4] / "shared/data/upfall_alphapose/upfall_alphapose.pkl"


def annotation(
    name: str, label: int = 0, persons: int = 1, length: int = 5, joints: int = 17, coordinates: int = 2, seed: int = 0
) -> dict[str, Any]:
    """As PYSKL's tools/data/README.md describes it: float16, scores in the files of two dimensions only."""
    rng = np.random.default_rng([seed, label, persons, length])
    content = {
        "frame_dir": name,
        "total_frames": length,
        "img_shape": (1080, 1920),
        "original_shape": (1080, 1920),
        "label": label,
        "keypoint": rng.uniform(1, 900, (persons, length, joints, coordinates)).astype(np.float16),
    }
    if coordinates == 2:
        content["keypoint_score"] = rng.uniform(0.1, 1, (persons, length, joints)).astype(np.float16)
    return content


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(*annotations: dict[str, Any], **split: list[str]) -> Path:
        path = tmp_path / "data.pkl"
        path.write_bytes(pickle.dumps({"split": split, "annotations": list(annotations)}))
        return path

    return write


@pytest.mark.parametrize(("joints", "skeleton"), [(17, "coco17"), (25, "body25"), (13, "custom-13")])
@pytest.mark.parametrize("coordinates", [2, 3])
def test_key_points_scores_and_sizes_are_read(
    write: Callable[..., Path], joints: int, skeleton: str, coordinates: int
) -> None:
    first, second = (
        annotation(f"v{i}", label=i, length=4 + i, joints=joints, coordinates=coordinates) for i in range(2)
    )
    source = PysklSource(write(first, second), fps=25)
    clips = source.clips()
    assert [clip.id for clip in clips] == [clip.recording for clip in clips] == ["v0", "v1"]
    assert [clip.label for clip in clips] == list(source.class_names) == ["class_0", "class_1"]
    for clip, content in zip(clips, (first, second), strict=True):
        assert (clip.skeleton, clip.fps, clip.image_size) == (skeleton, 25, (1920, 1080))
        assert clip.keypoints.dtype == clip.scores.dtype == np.float32
        np.testing.assert_array_equal(clip.keypoints, content["keypoint"][0].astype(np.float32))
        scores = content.get("keypoint_score", np.ones((1, len(clip), joints)))
        np.testing.assert_array_equal(clip.scores, scores[0].astype(np.float32))


def test_clips_lie_one_behind_the_other_in_one_array(write: Callable[..., Path]) -> None:
    clips = PysklSource(write(*(annotation(f"v{i}", persons=2, length=3 + i) for i in range(3)))).clips()
    base = clips[0].keypoints.base
    assert base is not None
    assert base.shape == (sum(map(len, clips)), 17, 2)
    assert all(clip.keypoints.base is base for clip in clips)
    np.testing.assert_array_equal(base, np.concatenate([clip.keypoints for clip in clips]))


@pytest.mark.parametrize("coordinates", [2, 3])
def test_every_person_is_a_clip_of_the_same_recording_and_an_absent_one_is_none(
    write: Callable[..., Path], coordinates: int
) -> None:
    both, alone = (annotation(name, persons=2, coordinates=coordinates) for name in ("both", "alone"))
    alone["keypoint"][1] = 0
    if coordinates == 2:
        alone["keypoint_score"][1] = 0
    clips = PysklSource(write(both, alone, train=["both", "alone"])).clips()
    assert [(clip.id, clip.recording) for clip in clips] == [
        ("both#0", "both"),
        ("both#1", "both"),
        ("alone#0", "alone"),
    ]


def test_a_joint_at_the_origin_of_a_file_without_scores_was_not_found(write: Callable[..., Path]) -> None:
    content = annotation("v", coordinates=3)
    content["keypoint"][0, 2, 4] = 0
    (clip,) = PysklSource(write(content)).clips()
    assert np.argwhere(clip.scores == 0).tolist() == [[2, 4]]


def test_splits_name_every_person_of_an_annotation(write: Callable[..., Path]) -> None:
    path = write(annotation("a", persons=2), annotation("b"), xsub_train=["a"], xsub_val=["b", "not_in_the_file"])
    assert PysklSource(path).splits == {"xsub_train": {"a#0", "a#1"}, "xsub_val": {"b"}}


def test_the_three_cameras_of_ntu_see_one_recording_of_one_person(write: Callable[..., Path]) -> None:
    names = ["S001C001P002R001A043", "S001C002P002R001A043", "S001C003P002R001A043", "S001C001P002R002A043"]
    names += ["S001C001P003R001A043", "S002C001P002R001A043", "S001C001P002R001A044"]
    clips = PysklSource(write(*map(annotation, names)), "ntu").clips()
    assert [(clip.subject, clip.camera) for clip in clips[:3]] == [("P002", "C001"), ("P002", "C002"), ("P002", "C003")]
    recordings = [clip.recording for clip in clips]
    assert len(set(recordings[:3])) == 1
    assert len(set(recordings[2:])) == 5  # another replication, person, set-up or action is another performance


def test_a_pattern_of_the_users_own_finds_names(write: Callable[..., Path]) -> None:
    path = write(annotation("take7_anna_cam2"))
    (clip,) = PysklSource(path, r"(?P<recording>take\d+)_(?P<subject>[a-z]+)(_(?P<camera>cam\d))?").clips()
    assert (clip.recording, clip.subject, clip.camera) == ("take7", "anna", "cam2")


@pytest.mark.parametrize(("pattern", "says"), [("ntu", "does not match the name v"), ("(", "nor a regular expression")])
def test_a_pattern_that_fits_nothing_is_refused(write: Callable[..., Path], pattern: str, says: str) -> None:
    with pytest.raises(DataError, match=f"`id_pattern`.*{says}"):
        PysklSource(write(annotation("v")), pattern).clips()


def test_class_names_are_the_users_where_there_are_enough(write: Callable[..., Path]) -> None:
    path = write(annotation("v", label=1))
    assert PysklSource(path, class_names=["walk", "fall", "sit"]).clips()[0].label == "fall"
    with pytest.raises(DataError, match=r"labels up to 1: `class_names` needs 2 names"):
        PysklSource(path, class_names=["walk"]).clips()


@pytest.mark.parametrize("content", [[1, 2], {"split": {}}, {"annotations": []}, {"annotations": [1]}, "text", None])
def test_another_layout_is_refused(content: Any, tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(content))
    with pytest.raises(DataError, match=r"a\.pkl(: an annotation has no| is not in PYSKL's layout)") as caught:
        PysklSource(tmp_path / "a.pkl").clips()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["frame_dir", "label", "keypoint"])
def test_an_annotation_without_a_key_is_refused(write: Callable[..., Path], key: str) -> None:
    content = annotation("v")
    del content[key]
    with pytest.raises(DataError, match=f"an annotation has no {key}"):
        PysklSource(write(content)).clips()


def test_shapes_that_do_not_fit_are_refused(write: Callable[..., Path]) -> None:
    flat = annotation("flat") | {"keypoint": np.ones((5, 17, 2))}
    with pytest.raises(DataError, match=r"keypoint of flat has shape \(5, 17, 2\), expected \[M, T, V, C\]"):
        PysklSource(write(flat)).clips()
    short = annotation("short") | {"keypoint_score": np.ones((1, 4, 17))}
    with pytest.raises(DataError, match=r"keypoint_score of short has shape \(1, 4, 17\), not \(1, 5, 17\)"):
        PysklSource(write(short)).clips()
    with pytest.raises(DataError, match="mixes layouts of joints"):
        PysklSource(write(annotation("a"), annotation("b", joints=25))).clips()
    nobody = annotation("nobody") | {"keypoint": np.zeros((1, 5, 17, 2))}
    with pytest.raises(DataError, match="holds no key points"):
        PysklSource(write(nobody)).clips()


def test_a_file_that_wants_to_run_something_is_refused(write: Callable[..., Path], tmp_path: Path) -> None:
    class Command:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {tmp_path / 'was_run'}",)

    hidden = np.empty((1, 1, 1, 1), object)
    hidden[0, 0, 0, 0] = Command()
    with pytest.raises(DataError, match=r"wants to run posix\.system"):
        PysklSource(write(annotation("v") | {"keypoint": hidden})).clips()
    assert not (tmp_path / "was_run").exists()


@pytest.mark.skipif(not REAL.exists(), reason=f"the real file is not here: {REAL}")
def test_a_real_file_is_read() -> None:
    source = PysklSource(REAL)
    clips = source.clips()
    assert (len(clips), sum(map(len, clips))) == (80, 10_999)
    assert {(clip.num_joints, clip.num_coordinates, clip.image_size) for clip in clips} == {(17, 2, (640, 480))}
    assert len(source.class_names) == 5
    assert len(source.splits) == 12
    ids = {clip.id for clip in clips}
    for name in source.splits:
        if name.endswith("_train"):
            train, test = source.splits[name], source.splits[name.replace("_train", "_test")]
            assert train | test == ids
            assert not train & test
