"""Training, validation and test part: which clips, or which windows, are in which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from datamodules.frames import FrameTable
from datamodules.splits import Split, check_classes, keep_windows, split_groups, split_windows
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
class Cut:
    """How clips are cut into windows: frames a window, and from one to the next in training and in evaluation."""

    sequence_length: int
    stride: int
    eval_stride: int


@dataclass(frozen=True, slots=True)
class Parts:
    """The divided data.

    Args:
        windows: for each of train, val, test its windows; those of val may be none.
        clips: for each the indices of its clips; under `window` a clip is in several.
        remainder: frames that no window covers.
        left_out: training windows that `thin` left out.
    """

    windows: dict[str, Windows]
    clips: dict[str, npt.NDArray[np.int64]]
    remainder: int
    left_out: int = 0


def divide(
    table: FrameTable,
    names: Sequence[ClipNames],
    named: Mapping[str, frozenset[str]],
    split: Split,
    cut: Cut,
    class_names: Sequence[str],
) -> Parts:
    """Divides clips, or under `window` the windows of all clips, into the three parts.

    Args:
        table: all frames.
        names: of each clip.
        named: splits that the data names, as ids of clips.
        split: the protocol and its fractions.
        cut: how windows are cut.
        class_names: names by class index, for messages.

    Raises:
        DataError: the data has no such names or splits, or a class is too small to be on both sides.
    """
    if split.protocol == "window":
        return _divide_windows(table, split, cut, class_names)
    clips = _divide_clips(table, names, named, split, class_names)
    windows = {
        part: Windows(table, _index(table, members, cut, part), cut.sequence_length) for part, members in clips.items()
    }
    remainder = sum(
        _count_uncovered(table, members, cut.sequence_length, *_stride(cut, part)) for part, members in clips.items()
    )
    return Parts(windows, clips, remainder)


def thin(parts: Parts, fraction: float, seed: int) -> Parts:
    """Keeps a share of the training windows, drawn class by class; validation and test stay as they are.

    Windows, not clips or people, so that a hundredth of the data still has every class, and most people.

    Args:
        parts: the divided data.
        fraction: share to keep, in (0, 1]; what a smaller one keeps, a larger one keeps too.
        seed: of the draw.
    """
    if fraction == 1:
        return parts
    train = parts.windows["train"]
    kept = torch.from_numpy(keep_windows(train.targets().numpy(), fraction, seed))
    windows = Windows(train.table, train.starts[kept], train.sequence_length)
    return Parts(
        windows=parts.windows | {"train": windows},
        clips=parts.clips | {"train": np.unique(windows.clip_of(windows.starts).numpy())},
        remainder=parts.remainder,
        left_out=len(train) - len(windows),
    )


def _stride(cut: Cut, part: str) -> tuple[int, bool]:
    """Frames from window to window in a part, and whether a last window is moved back to the end of its clip."""
    stride = cut.stride if part == "train" else cut.eval_stride
    # Frames are left over by choice where the stride is longer than the window.
    return stride, stride <= cut.sequence_length


def _index(table: FrameTable, clips: npt.NDArray[np.int64], cut: Cut, part: str) -> torch.Tensor:
    return index_windows(table, clips.tolist(), cut.sequence_length, *_stride(cut, part))


def _divide_windows(table: FrameTable, split: Split, cut: Cut, class_names: Sequence[str]) -> Parts:
    every = range(len(table.labels))
    parts = _draw_windows(table, split, cut, class_names)
    starts = index_windows(table, every, cut.sequence_length, cut.stride, cover_end=False).numpy()
    # By numpy, since torch makes 8 bytes a window of a mask before it selects by it.
    windows = {
        part: Windows(table, torch.from_numpy(starts[mask]), cut.sequence_length) for part, mask in parts.items()
    }
    return Parts(
        windows=windows,
        clips={part: _clips_with_windows(table, members.starts) for part, members in windows.items()},
        remainder=_count_uncovered(table, every, cut.sequence_length, cut.stride, cover_end=False),
    )


def _draw_windows(
    table: FrameTable, split: Split, cut: Cut, class_names: Sequence[str]
) -> dict[str, npt.NDArray[np.bool_]]:
    """For each part which of all windows are in it. Looks at their classes only, to hold few bytes a window."""
    counts = (np.diff(table.offsets.numpy()) - cut.sequence_length) // cut.stride + 1
    labels = np.repeat(table.labels.numpy().astype(np.int16), counts)
    test = split_windows(labels, split.test_fraction, split.seed)
    check_classes(test, labels, class_names, "window")
    val = np.zeros_like(test)
    if split.val_fraction:
        val[~test] = split_windows(labels[~test], split.val_fraction, split.seed + 1)
    return {"train": ~test & ~val, "val": val, "test": test}


def _clips_with_windows(table: FrameTable, starts: torch.Tensor) -> npt.NDArray[np.int64]:
    """The clips that windows with these first frames, in ascending order, lie in."""
    return np.flatnonzero(np.diff(np.searchsorted(starts.numpy(), table.offsets.numpy())))


def _count_uncovered(
    table: FrameTable, clips: Iterable[int], sequence_length: int, stride: int, cover_end: bool
) -> int:
    lengths = np.diff(table.offsets.numpy())
    return sum(uncovered_frames(int(lengths[clip]), sequence_length, stride, cover_end) for clip in clips)


def _divide_clips(
    table: FrameTable,
    names: Sequence[ClipNames],
    named: Mapping[str, frozenset[str]],
    split: Split,
    class_names: Sequence[str],
) -> dict[str, npt.NDArray[np.int64]]:
    labels, sizes = table.labels.numpy(), np.diff(table.offsets.numpy())
    if split.protocol == "predefined":
        train, test = (
            _members(names, named, key, value) for key, value in (("train", split.train), ("test", split.test))
        )
        _check_apart(names, {f"`split.train`={split.train}": train, f"`split.test`={split.test}": test})
        unit = "subject" if all(name.subject is not None for name in names) else "recording"
    else:
        unit = _UNITS[split.protocol]
        test = split_groups(_groups(names, unit), labels, sizes, split.test_fraction, split.seed)
        check_classes(test, labels, class_names, unit)
        train = ~test
    val = np.zeros_like(test)
    if split.protocol == "predefined" and split.val is not None:
        val = _members(names, named, "val", split.val)
        train = train & ~val
        _check_apart(names, {f"`split.val`={split.val}": val, f"`split.test`={split.test}": test})
    elif split.val_fraction:
        members = np.flatnonzero(train)
        groups = np.asarray(_groups(names, unit))[members]
        if len(set(groups.tolist())) < 2:
            raise DataError(
                f"the training part has one {unit} only, none is left for validation: set `split.val_fraction`=0"
            )
        val[members] = split_groups(
            groups.tolist(), labels[members], sizes[members], split.val_fraction, split.seed + 1
        )
        train = train & ~val
    if not train.any():
        raise DataError("no clip is left to train on: choose smaller fractions or another `split`")
    return {part: np.flatnonzero(mask) for part, mask in (("train", train), ("val", val), ("test", test))}


def _groups(names: Sequence[ClipNames], unit: str) -> list[str]:
    groups = [getattr(name, unit) for name in names]
    if None in groups:
        raise DataError(
            f"the data names no {unit}s to split by: set `id_pattern` to a regex with a group {unit}, "
            "or use `split`=clip"
        )
    return [str(group) for group in groups]


def _members(
    names: Sequence[ClipNames], named: Mapping[str, frozenset[str]], key: str, value: str | None
) -> npt.NDArray[np.bool_]:
    from difflib import get_close_matches

    if value is None or value not in named:
        known = get_close_matches(str(value), list(named), n=1) or sorted(named)
        hint = f"use {' or '.join(known)}" if named else "the data names none, use another `split`"
        raise DataError(f"`split.{key}`={value} is not a split in the data: {hint}")
    members = np.array([name.id in named[value] for name in names])
    if not members.any():
        raise DataError(f"`split.{key}`={value} holds no clip of the classes asked for")
    return members


def _check_apart(names: Sequence[ClipNames], parts: Mapping[str, npt.NDArray[np.bool_]]) -> None:
    (first, a), (second, b) = parts.items()
    both = np.flatnonzero(a & b)
    if len(both):
        raise DataError(f"{first} and {second} share clips, {names[int(both[0])].id} among them: name two that do not")
