"""Training, validation and test: no group of the protocol is on two sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.keypoints import KeypointDataModule
from datamodules.splits import Split
from pose.clip import Clip
from pose.errors import DataError
from tests.clips import make_clip, make_data, make_people

PARTS = ("train", "val", "test")


def sides(data: KeypointDataModule, name: str) -> dict[str, set[str]]:
    """What is called `name` (recording, subject, ...) of the clips that each part's windows are cut from."""
    clips = {part: data.parts.windows[part].clip_of(data.parts.windows[part].starts.long()) for part in PARTS}
    for part in PARTS:
        assert sorted(set(clips[part].tolist())) == data.parts.clips[part].tolist()
    return {part: {getattr(data.clip_names[clip], name) for clip in clips[part].tolist()} for part in PARTS}


def assert_apart(named: dict[str, set[str]]) -> None:
    assert all(named.values())
    assert sum(map(len, named.values())) == len(set.union(*named.values()))


def frames_of(data: KeypointDataModule, part: str) -> torch.Tensor:
    """Every frame of every window of a part."""
    starts = data.parts.windows[part].starts.long()
    return (starts[:, None] + torch.arange(data.sequence_length)).flatten()


@settings(deadline=None, max_examples=40)
@given(
    protocol=st.sampled_from(["clip", "subject", "camera"]),
    seed=st.integers(0, 2**16),
    test_fraction=st.sampled_from([0.1, 0.2, 0.4]),
    subjects=st.integers(3, 7),
    cameras=st.integers(3, 5),
    stride=st.integers(1, 12),
)
def test_what_is_held_out_is_on_no_other_side(
    protocol: Any, seed: int, test_fraction: float, subjects: int, cameras: int, stride: int
) -> None:
    clips = make_people(subjects, cameras, takes=2, joints=1)
    split = Split(protocol, test_fraction, 0.2, seed)
    data = make_data(clips, split=split, sequence_length=9, stride=stride, eval_stride=9)
    assert_apart(sides(data, "id"))
    assert_apart(sides(data, {"clip": "recording"}.get(protocol, protocol)))
    for part in PARTS:
        assert set(data.parts.windows[part].targets().tolist()) == {0, 1}


@pytest.mark.parametrize("protocol", ["window", "clip", "subject", "camera"])
def test_the_same_seed_divides_alike_and_another_otherwise(protocol: Any) -> None:
    clips = make_people(subjects=8, cameras=8, takes=1, joints=1)

    def starts(seed: int) -> bytes:
        parts = make_data(clips, split=Split(protocol, 0.25, 0.25, seed)).parts
        return b"|".join(parts.windows[part].starts.numpy().tobytes() for part in PARTS)

    assert starts(3) == starts(3)
    assert len({starts(seed) for seed in range(8)}) >= 4


@settings(deadline=None, max_examples=40)
@given(
    lengths=st.lists(st.integers(1, 50), min_size=6, max_size=10),
    length=st.integers(1, 9),
    extra=st.integers(0, 5),
    seed=st.integers(0, 2**16),
)
def test_windows_at_random_share_no_frame_and_what_is_left_over_is_counted(
    lengths: list[int], length: int, extra: int, seed: int
) -> None:
    # Two long clips, so that each class has windows for every part.
    clips = [make_clip(n, "walk" if i % 2 else "fall", f"c{i}", joints=1) for i, n in enumerate([*lengths, 80, 80])]
    data = make_data(clips, split=Split("window", seed=seed), sequence_length=length, stride=length + extra)
    frames = torch.cat([frames_of(data, part) for part in PARTS])
    assert len(frames.unique()) == len(frames)
    by_hand = 0
    for clip in clips:
        padded = max(len(clip), length)
        windows = (padded - length) // (length + extra) + 1
        by_hand += padded - windows * length
    assert data.summary()["frames_in_no_window"] == by_hand == len(data.table.frames) - len(frames)


def test_windows_at_random_are_drawn_per_class_to_the_nearest_window() -> None:
    data = make_data([make_clip(9 * 50, "walk", "w"), make_clip(9 * 23, "fall", "f")], split=Split("window", 0.2, 0.15))
    counts = {part: torch.bincount(data.parts.windows[part].targets()).tolist() for part in PARTS}
    assert counts == {"test": [5, 10], "val": [3, 6], "train": [15, 34]}  # fall, walk
    assert [len(data.parts.clips[part]) for part in PARTS] == [2, 2, 2]


@pytest.mark.parametrize("protocol", ["clip", "subject", "camera"])
def test_every_frame_is_in_a_window_unless_the_stride_jumps_over_it(protocol: Any) -> None:
    clips = make_people(subjects=4, cameras=4, takes=1, length=25)
    complete = make_data(clips, split=Split(protocol, 0.25), sequence_length=9, stride=4, eval_stride=9)
    frames = torch.cat([frames_of(complete, part) for part in PARTS])
    assert len(frames.unique()) == len(complete.table.frames)
    assert complete.parts.uncovered_frames == 0
    sparse = make_data(clips, split=Split(protocol, 0.25), sequence_length=9, stride=13, eval_stride=13)
    frames = torch.cat([frames_of(sparse, part) for part in PARTS])
    assert sparse.parts.uncovered_frames == len(sparse.table.frames) - len(frames.unique()) == len(clips) * 7


def test_training_and_evaluation_have_each_its_stride() -> None:
    clips = make_people(subjects=4, length=27)
    data = make_data(clips, split=Split("subject", 0.25), sequence_length=9, stride=1, eval_stride=9)
    counts = {part: len(data.parts.windows[part]) / len(data.parts.clips[part]) for part in PARTS}
    assert counts == {"train": 19, "val": 3, "test": 3}


def test_without_a_validation_fraction_there_is_no_validation() -> None:
    data = make_data(make_people(), split=Split("subject", 0.2, 0.0))
    assert not data.has_validation
    assert len(data.parts.clips["train"]) + len(data.parts.clips["test"]) == len(data.clip_names)
    assert data.curve_parts == []


def one_faller() -> list[Clip]:
    return [clip for clip in make_people() if clip.label == "walk" or clip.subject == "P2"]


def one_camera_falls() -> list[Clip]:
    return [clip for clip in make_people() if clip.label == "walk" or clip.camera == "C1"]


@pytest.mark.parametrize(
    ("protocol", "clips", "unit"),
    [
        ("subject", one_faller, "subject"),
        ("camera", one_camera_falls, "camera"),
        ("clip", lambda: [*make_people(takes=1, cameras=2)[:4], make_clip(23, id="w2")], "recording"),
        ("window", lambda: [make_clip(90), make_clip(9, "fall", "f")], "window"),
    ],
)
def test_a_class_in_one_group_only_is_an_error_that_names_it(
    protocol: Any, clips: Callable[[], list[Clip]], unit: str
) -> None:
    with pytest.raises(DataError, match=f"class 'fall' has too few {unit}s .*none is left for the test part") as caught:
        make_data(clips(), split=Split(protocol))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("protocol", ["subject", "camera"])
def test_data_without_the_name_to_split_by_is_an_error_that_says_what_to_type(protocol: Any) -> None:
    clips = [make_clip(20, label, f"{label}{i}") for label in ("walk", "fall") for i in range(4)]
    with pytest.raises(DataError, match=rf"names no {protocol}s .*`id_pattern`.* group {protocol}.*=clip"):
        make_data(clips, split=Split(protocol))


def test_one_subject_to_train_on_leaves_none_to_validate_on() -> None:
    with pytest.raises(DataError, match=r"one subject only.*`split\.val_fraction`=0"):
        make_data(make_people(subjects=2), split=Split("subject"))


def named_splits(clips: list[Clip]) -> dict[str, frozenset[str]]:
    by = {f"P{i}": frozenset(clip.id for clip in clips if clip.subject == f"P{i}") for i in range(6)}
    return {
        "xsub_train": by["P0"] | by["P1"] | by["P2"] | by["P3"],
        "xsub_val": by["P4"],
        "xsub_test": by["P5"],
        "leaky": by["P5"] | by["P0"],
        "empty": frozenset(),
    }


def test_named_splits_are_taken_exactly() -> None:
    clips = make_people()
    splits = named_splits(clips)
    split = Split("predefined", train="xsub_train", val="xsub_val", test="xsub_test")
    assert sides(make_data(clips, splits, split=split), "id") == {
        "train": splits["xsub_train"],
        "val": splits["xsub_val"],
        "test": splits["xsub_test"],
    }


@pytest.mark.parametrize("known", [True, False])
def test_validation_is_taken_out_of_a_named_split_by_subject_else_by_recording(known: bool) -> None:
    clips = make_people()
    if not known:
        clips = [
            Clip(c.id, c.keypoints, c.scores, c.label, c.recording, None, c.camera, skeleton=c.skeleton) for c in clips
        ]
    splits = named_splits(make_people())
    split = Split("predefined", train="xsub_train", test="xsub_test", val_fraction=0.25)
    data = make_data(clips, splits, split=split)
    assert sides(data, "id")["test"] == splits["xsub_test"]
    assert sides(data, "id")["train"] | sides(data, "id")["val"] == splits["xsub_train"]
    assert_apart(sides(data, "subject" if known else "recording"))
    if not known:
        people = {part: {id.split("-")[1] for id in ids} for part, ids in sides(data, "id").items()}
        assert people["train"] & people["val"]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ({"train": "xsub_trian", "test": "xsub_test"}, r"`split\.train`=xsub_trian is not a split .*: use xsub_train$"),
        ({"train": "xsub_train", "test": "zzz"}, r"`split\.test`=zzz .*use empty or leaky or xsub_test or xsub_train"),
        ({"train": "xsub_train", "test": "xsub_test", "val": "xsub_vla"}, r"`split\.val`=xsub_vla .*: use xsub_val$"),
        (
            {"train": "xsub_train", "test": "leaky"},
            r"train`=xsub_train and .*test`=leaky share clips, walk0-P0-C0 among",
        ),
        ({"train": "xsub_train", "test": "xsub_test", "val": "leaky"}, r"val`=leaky and .*test`=xsub_test share clips"),
        ({"train": "xsub_train", "test": "empty"}, r"`split\.test`=empty holds no clip"),
        ({"train": "xsub_train"}, r"`split\.test`=None is not a split"),
    ],
)
def test_named_splits_that_cannot_be_used_are_an_error_that_says_what_to_type(names: dict[str, str], says: str) -> None:
    clips = make_people()
    with pytest.raises(DataError, match=says) as caught:
        make_data(clips, named_splits(clips), split=Split("predefined", **names))
    assert "\n" not in str(caught.value)


def test_data_that_names_no_splits_says_so() -> None:
    with pytest.raises(DataError, match="the data names none, use another `split`"):
        make_data(make_people(), split=Split("predefined", train="a", test="b"))


def test_clips_of_a_split_that_is_not_asked_for_are_in_no_part() -> None:
    clips = make_people()
    split = Split("predefined", train="xsub_train", test="xsub_test", val_fraction=0.0)
    data = make_data(clips, named_splits(clips), split=split)
    unused = np.setdiff1d(np.arange(len(clips)), np.concatenate(list(data.parts.clips.values())))
    assert {data.clip_names[i].subject for i in unused} == {"P4"}
    assert data.parts.uncovered_frames == 0


@pytest.mark.parametrize("protocol", ["window", "clip", "subject", "camera"])
def test_a_share_of_the_training_windows_leaves_validation_and_test_as_they_are(protocol: str) -> None:
    options = {"split": Split(protocol, 0.34, 0.34, seed=3), "sequence_length": 5, "stride": 5, "eval_stride": 5}
    complete, some, few = (
        make_data(make_people(cameras=4), train_fraction=share, **options) for share in (1.0, 0.5, 0.1)
    )
    for part in ("val", "test"):
        assert torch.equal(complete.parts.windows[part].starts, few.parts.windows[part].starts)
        assert complete.part_digest(part) == few.part_digest(part)
    starts = [set(data.parts.windows["train"].starts.tolist()) for data in (complete, some, few)]
    assert starts[0] > starts[1] > starts[2]
    assert few.summary()["windows_left_out"] == len(starts[0]) - len(starts[2])
    assert few.train_counts().tolist() == [max(1, round(0.1 * n)) for n in complete.train_counts().tolist()]
    sides(few, "id")
    assert sum(map(len, few.train_frames())) < sum(map(len, complete.train_frames()))
