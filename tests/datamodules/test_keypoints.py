"""The data module from clips to batches, and its two sources."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from datamodules.keypoints import KeypointDataModule
from datamodules.pyskl import PysklDataModule
from datamodules.splits import Split
from datamodules.synthetic import SyntheticDataModule
from pose.clip import Clip
from pose.errors import DataError
from tests.clips import ListedDataModule, make_clip, make_data, make_people


def test_without_a_source_it_says_which_method_to_write() -> None:
    with pytest.raises(TypeError, match=r"KeypointDataModule has no source of clips: write its method source\(\)"):
        KeypointDataModule({"protocol": "clip"}).setup()


def test_before_setup_it_says_to_call_it() -> None:
    with pytest.raises(RuntimeError, match=r"setup\(\)"):
        _ = ListedDataModule(make_people()).parts


def test_data_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = make_data(make_people())
    table = data.table
    monkeypatch.setattr(data, "source", None)
    data.setup("fit")
    assert data.table is table


def test_classes_are_kept_in_the_order_asked_for_and_the_rest_is_left_out() -> None:
    clips = [*make_people(), *(make_clip(20, "sit", f"s{i}") for i in range(3)), make_clip(20, None, "unknown")]  # type: ignore[arg-type]
    data = make_data(clips, classes=["walk", "fall"], abnormal_classes=["fall", "sit"])
    assert data.class_names == ("walk", "fall")
    assert data.abnormal_classes == ("fall",)
    assert {name.id for name in data.clip_names} == {clip.id for clip in make_people()}
    assert data.table.labels.tolist() == [int(name.id.startswith("fall")) for name in data.clip_names]


@pytest.mark.parametrize("key", ["classes", "abnormal_classes"])
def test_an_unknown_class_is_an_error_that_names_the_known_ones(key: str) -> None:
    with pytest.raises(DataError, match=rf"`{key}` names 'run', which is not one of the classes: fall, walk"):
        make_data(make_people(), **{key: ["fall", "run"]})


def test_one_class_is_too_few() -> None:
    with pytest.raises(DataError, match="holds 1 of the classes fall: two are needed"):
        make_data(make_people(), classes=["fall"])


@pytest.mark.parametrize("stride", [4, 9, 14])
def test_statistics_see_each_training_frame_once(stride: int) -> None:
    data = make_data(make_people(length=30), split=Split("subject"), sequence_length=9, stride=stride)
    frames = torch.cat(list(data.train_frames()))
    windows = data.parts.windows["train"]
    used = (windows.starts.long()[:, None] + torch.arange(9)).unique()
    assert torch.equal(frames, data.table.frames[used])
    assert data.train_counts().tolist() == torch.bincount(windows.targets()).tolist()


def test_counts_beside_a_result_add_up() -> None:
    clips = [*make_people(length=20), make_clip(4, "walk", "short")]
    clips[0].scores[3, 1] = 0
    data = make_data(clips, sequence_length=9, stride=9)
    counts = data.summary()
    assert counts["frames"] == 20 * 48 + 9
    assert (counts["clips_padded"], counts["joints_interpolated"], counts["frames_in_no_window"]) == (1, 1, 0)
    assert sum(counts[f"clips_{part}"] for part in ("train", "val", "test")) == 49
    assert sum(counts[f"windows_{part}"] for part in ("train", "val", "test")) == 3 * 48 + 1


def test_digests_tell_data_and_parts_apart() -> None:
    one, same, other = (make_data(make_people(), split=Split("subject", seed=seed)) for seed in (0, 0, 5))
    assert one.digest == same.digest == other.digest
    assert one.part_digest("test") == same.part_digest("test") != other.part_digest("test")
    assert len({one.part_digest(part) for part in ("train", "val", "test")}) == 3
    changed = make_data(make_people(length=24), split=Split("subject"))
    assert changed.digest != one.digest


@pytest.mark.parametrize("loader", ["resident", "workers"])
def test_loaders_give_what_the_parts_hold(loader: Any) -> None:
    data = make_data(make_people(), loader=loader, num_workers=0, batch_size=32, scores=True, test_curve=True)
    assert data.curve_parts == ["val", "test"]
    assert data.num_channels == 3
    loaders = [data.train_dataloader(), *data.val_dataloader(), data.test_dataloader()]
    for loader, part in zip(loaders, ("train", "val", "test", "test"), strict=True):
        batches = list(loader)
        assert sum(len(batch.target) for batch in batches) == len(data.parts.windows[part])
        assert batches[0].keypoints.shape == (min(32, len(data.parts.windows[part])), 9, 3, 3)
    val = torch.cat([batch.clip for batch in loaders[1]])
    assert torch.equal(val, data.parts.windows["val"].clip_of(data.parts.windows["val"].starts.long()))


def test_training_batches_follow_the_order_seed() -> None:
    def first_epoch(seed: int) -> torch.Tensor:
        data = make_data(make_people(), order_seed=seed)
        return torch.cat([batch.clip for batch in data.train_dataloader()])

    assert torch.equal(first_epoch(1), first_epoch(1))
    assert not torch.equal(first_epoch(1), first_epoch(2))


def test_a_pickle_of_pyskl_becomes_parts_by_person(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    annotations = [
        {
            "frame_dir": f"S001C{camera:03}P{subject:03}R001A{label + 1:03}",
            "label": label,
            "total_frames": 12,
            "img_shape": (1080, 1920),
            "keypoint": rng.uniform(1, 900, (1, 12, 17, 2)).astype(np.float16),
            "keypoint_score": np.ones((1, 12, 17), np.float16),
        }
        for camera in (1, 2, 3)
        for subject in range(5)
        for label in (0, 1)
    ]
    (tmp_path / "ntu.pkl").write_bytes(pickle.dumps({"split": {}, "annotations": annotations}))
    data = PysklDataModule(str(tmp_path / "ntu.pkl"), "ntu", ["sit", "fall"], split={"protocol": "subject"})
    data.setup()
    assert data.class_names == ("sit", "fall")
    subjects = [{data.clip_names[i].subject for i in clips} for clips in data.parts.clips.values()]
    assert sum(map(len, subjects)) == 5
    assert len(data.clip_names) == 30


def test_simulated_people_become_parts_without_a_copy_of_the_frames() -> None:
    data = SyntheticDataModule(frames=4000, views=2, seed=3, split={"protocol": "clip"})
    data.setup()
    again = SyntheticDataModule(frames=4000, views=2, seed=3, split={"protocol": "clip"})
    assert data.digest == again.digest
    assert data.skeleton.num_joints == data.table.frames.shape[1] == 17
    assert len(data.class_names) == 6
    clips: list[Clip] = data.source().clips()
    base = clips[0].keypoints.base
    assert base is not None
    from datamodules.frames import take_frames

    assert np.shares_memory(take_frames(clips, [0] * len(clips), 9).frames.numpy(), base)
