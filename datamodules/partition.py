"""Training, validation and test part: which windows, and so which clips, are in which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from datamodules.frames import FrameTable
from datamodules.splits import Mask, Split, check_classes, keep_windows, split_groups, split_windows
from datamodules.windows import Windows, index_windows, uncovered_frames
from pose.errors import DataError

_UNITS = {"window": "window", "clip": "recording", "subject": "subject", "camera": "camera"}


class ClipNames(NamedTuple):
    """What a split may go by."""

    id: str
    recording: str
    subject: str | None
    camera: str | None


@dataclass(frozen=True, slots=True)
class Windowing:
    """How clips are cut into windows: frames a window, and from one to the next in training and in evaluation."""

    sequence_length: int
    stride: int
    eval_stride: int

    def steps(self, part: str) -> tuple[int, int, bool]:
        """Return window length, stride, and whether a last window is moved back to the end of its clip, in a part."""
        stride = self.stride if part == "train" else self.eval_stride
        # Frames are left over by choice where the stride is longer than the window.
        return self.sequence_length, stride, stride <= self.sequence_length


@dataclass(frozen=True, slots=True)
class Partition:
    """The divided data.

    Args:
        windows: for each of train, val, test its windows; those of val may be none.
        uncovered_frames: frames of the three parts' clips that no window covers.
        unused_windows: training windows that `subsample_train` dropped.
    """

    windows: dict[str, Windows]
    uncovered_frames: int
    unused_windows: int = 0

    @property
    def clips(self) -> dict[str, npt.NDArray[np.int64]]:
        """For each part the indices of the clips that its windows are from; under `window` a clip is in several."""
        return {part: windows.clips() for part, windows in self.windows.items()}


def make_partition(
    table: FrameTable,
    names: Sequence[ClipNames],
    named_splits: Mapping[str, frozenset[str]],
    split: Split,
    windowing: Windowing,
    class_names: Sequence[str],
) -> Partition:
    """Divide the clips, or under `window` the windows of all clips, into the three parts.

    Args:
        table: all frames.
        names: of each clip.
        named_splits: splits that the data names, as ids of clips.
        split: the protocol and its fractions.
        windowing: how clips are cut into windows.
        class_names: names by class index, for messages.

    Raises:
        DataError: the data has no such names or splits, or a class is too small to be on both sides.

    Example:
        >>> table = FrameTable(torch.zeros(80, 17, 2), torch.arange(0, 81, 20), torch.tensor([0, 0, 1, 1]), 0, 0)
        >>> names = [ClipNames(f"clip{i}", f"recording{i}", f"person{i % 2}", None) for i in range(4)]
        >>> split = Split("subject", test_fraction=0.5, val_fraction=0)
        >>> partition = make_partition(table, names, {}, split, Windowing(9, 3, 9), ["walk", "fall"])
        >>> {part: len(windows) for part, windows in partition.windows.items()}
        {'train': 10, 'val': 0, 'test': 6}
    """
    if split.protocol == "window":
        return _partition_windows(table, split, windowing, class_names)
    clips = _partition_clips(table, names, named_splits, split, class_names)
    starts = {part: index_windows(table, members, *windowing.steps(part)) for part, members in clips.items()}
    return Partition(
        windows={part: Windows(table, first, windowing.sequence_length) for part, first in starts.items()},
        uncovered_frames=sum(_count_uncovered(table, clips[part], *windowing.steps(part)) for part in clips),
    )


def subsample_train(partition: Partition, fraction: float, seed: int) -> Partition:
    """Keep a share of the training windows, drawn class by class; validation and test stay as they are.

    Windows, not clips or people, so that a hundredth of the data still has every class, and most people.

    Args:
        partition: the divided data.
        fraction: share to keep, in (0, 1]; what a smaller one keeps, a larger one keeps too.
        seed: of the draw.
    """
    if fraction == 1:
        return partition
    train = partition.windows["train"]
    kept = torch.from_numpy(keep_windows(train.targets().numpy(), fraction, seed))
    windows = Windows(train.table, train.starts[kept], train.sequence_length)
    return replace(partition, windows=partition.windows | {"train": windows}, unused_windows=len(train) - len(windows))


def _partition_windows(table: FrameTable, split: Split, windowing: Windowing, class_names: Sequence[str]) -> Partition:
    length, stride, every = windowing.sequence_length, windowing.stride, range(len(table.labels))
    masks = _draw_windows(table, split, windowing, class_names)
    starts = index_windows(table, every, length, stride, cover_end=False).numpy()
    # By numpy, since torch makes 8 bytes a window of a mask before it selects by it.
    windows = {part: Windows(table, torch.from_numpy(starts[mask]), length) for part, mask in masks.items()}
    return Partition(windows, _count_uncovered(table, every, length, stride, cover_end=False))


def _draw_windows(table: FrameTable, split: Split, windowing: Windowing, class_names: Sequence[str]) -> dict[str, Mask]:
    """Draw for each part which of all windows are in it. Looks at their classes only, to hold few bytes a window."""
    counts = (np.diff(table.offsets.numpy()) - windowing.sequence_length) // windowing.stride + 1
    labels = np.repeat(table.labels.numpy().astype(np.int16), counts)
    test = split_windows(labels, split.test_fraction, split.seed)
    check_classes(test, labels, class_names, "window")
    val = np.zeros_like(test)
    if split.val_fraction:
        val[~test] = split_windows(labels[~test], split.val_fraction, split.seed + 1)
    return {"train": ~test & ~val, "val": val, "test": test}


def _count_uncovered(
    table: FrameTable, clips: Iterable[int], sequence_length: int, stride: int, cover_end: bool
) -> int:
    lengths = np.diff(table.offsets.numpy())
    return sum(uncovered_frames(int(lengths[clip]), sequence_length, stride, cover_end) for clip in clips)


def _partition_clips(
    table: FrameTable,
    names: Sequence[ClipNames],
    named_splits: Mapping[str, frozenset[str]],
    split: Split,
    class_names: Sequence[str],
) -> dict[str, npt.NDArray[np.int64]]:
    if split.protocol == "predefined":
        unit = "subject" if all(name.subject is not None for name in names) else "recording"
        train, val, test = _take_named_splits(names, named_splits, split)
    else:
        unit, labels, sizes = _UNITS[split.protocol], table.labels.numpy(), np.diff(table.offsets.numpy())
        test = split_groups(_groups(names, unit), labels, sizes, split.test_fraction, split.seed)
        check_classes(test, labels, class_names, unit)
        train, val = ~test, None
    if val is None:
        val = _draw_validation(table, names, unit, train, split) if split.val_fraction else np.zeros_like(test)
    train = train & ~val
    if not train.any():
        raise DataError("no clip is left to train on: choose smaller fractions or another `split`")
    return {part: np.flatnonzero(mask) for part, mask in (("train", train), ("val", val), ("test", test))}


def _draw_validation(table: FrameTable, names: Sequence[ClipNames], unit: str, train: Mask, split: Split) -> Mask:
    members = np.flatnonzero(train)
    groups = np.asarray(_groups(names, unit))[members].tolist()
    if len(set(groups)) < 2:
        raise DataError(
            f"the training part has one {unit} only, none is left for validation: set `split.val_fraction`=0"
        )
    labels, sizes = table.labels.numpy()[members], np.diff(table.offsets.numpy())[members]
    val = np.zeros_like(train)
    val[members] = split_groups(groups, labels, sizes, split.val_fraction, split.seed + 1)
    return val


def _groups(names: Sequence[ClipNames], unit: str) -> list[str]:
    groups = [getattr(name, unit) for name in names]
    if None in groups:
        raise DataError(
            f"the data names no {unit}s to split by: set `id_pattern` to a regex with a group {unit}, "
            "or use `split`=clip"
        )
    return [str(group) for group in groups]


def _take_named_splits(
    names: Sequence[ClipNames], named_splits: Mapping[str, frozenset[str]], split: Split
) -> tuple[Mask, Mask | None, Mask]:
    """Return which clips are in train, val and test; None for val where it is to be drawn."""
    train, test = (_members(names, named_splits, key, getattr(split, key)) for key in ("train", "test"))
    _check_disjoint(names, split, train=train, test=test)
    if split.val is None:
        return train, None, test
    val = _members(names, named_splits, "val", split.val)
    _check_disjoint(names, split, val=val, test=test)
    return train, val, test


def _members(
    names: Sequence[ClipNames], named_splits: Mapping[str, frozenset[str]], key: str, value: str | None
) -> Mask:
    from difflib import get_close_matches

    if value is None or value not in named_splits:
        known = get_close_matches(str(value), list(named_splits), n=1) or sorted(named_splits)
        hint = f"use {' or '.join(known)}" if named_splits else "the data names none, use another `split`"
        raise DataError(f"`split.{key}`={value} is not a split in the data: {hint}")
    members = np.array([name.id in named_splits[value] for name in names])
    if not members.any():
        raise DataError(f"`split.{key}`={value} holds no clip of the classes asked for")
    return members


def _check_disjoint(names: Sequence[ClipNames], split: Split, **masks: Mask) -> None:
    first, second = (f"`split.{key}`={getattr(split, key)}" for key in masks)
    shared = np.flatnonzero(np.logical_and(*masks.values()))
    if len(shared):
        clip = names[int(shared[0])].id
        raise DataError(f"{first} and {second} share clips, {clip} among them: name two that do not")
