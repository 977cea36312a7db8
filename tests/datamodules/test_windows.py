"""Windows lie in their clips, cover them, and are gathered as recurrent networks like them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.frames import FrameTable, take_frames
from datamodules.windows import Windows, index_windows, uncovered_frames, window_starts
from tests.clips import make_clip

lengths = st.lists(st.integers(1, 60), min_size=1, max_size=6)
sizes = st.integers(1, 12)


def table_of(clip_lengths: list[int], min_length: int) -> FrameTable:
    """Frames that say which clip they are of, and which frame of it."""
    padded = [max(length, min_length) for length in clip_lengths]
    frames = torch.cat([torch.stack([torch.full((n,), i), torch.arange(n)], 1) for i, n in enumerate(padded)])
    offsets = torch.tensor([0, *np.cumsum(padded)])
    return FrameTable(frames.float().view(-1, 1, 2), offsets, torch.arange(len(padded)) % 3, padded=0, missing=0)


@settings(deadline=None)
@given(lengths, sizes, sizes, st.booleans())
def test_no_window_leaves_its_clip(clip_lengths: list[int], length: int, stride: int, cover_end: bool) -> None:
    table = table_of(clip_lengths, length)
    starts = index_windows(table, range(len(clip_lengths)), length, stride, cover_end)
    batch = Windows(table, starts, length).gather(torch.arange(len(starts)))
    clip, frame = batch.keypoints[:, :, 0, 0], batch.keypoints[:, :, 0, 1]
    assert (clip == batch.clip[:, None]).all()
    assert (frame.diff(dim=1) == 1).all()
    assert (batch.target == batch.clip % 3).all()
    assert batch.clip.unique().tolist() == list(range(len(clip_lengths)))


@settings(deadline=None)
@given(st.integers(1, 60), sizes, sizes)
def test_every_frame_is_in_a_window_unless_the_stride_jumps_over_it(extra: int, length: int, stride: int) -> None:
    clip_length = length + extra - 1
    covered = {
        start + step for start in window_starts(clip_length, length, stride, cover_end=True) for step in range(length)
    }
    if stride <= length:
        assert covered == set(range(clip_length))
    assert {0, clip_length - 1} <= covered <= set(range(clip_length))


@settings(deadline=None)
@given(st.integers(1, 60), sizes, sizes, st.booleans())
def test_frames_in_no_window_are_counted_exactly(extra: int, length: int, stride: int, cover_end: bool) -> None:
    clip_length = length + extra - 1
    starts = window_starts(clip_length, length, stride, cover_end)
    covered = {start + step for start in starts for step in range(length)}
    assert uncovered_frames(clip_length, length, stride, cover_end) == clip_length - len(covered)


@settings(deadline=None)
@given(st.integers(1, 60), sizes, sizes)
def test_starts_are_a_stride_apart_but_for_the_last(extra: int, length: int, stride: int) -> None:
    plain = window_starts(length + extra - 1, length, stride, cover_end=False)
    assert plain.tolist() == list(range(0, extra, stride))
    covering = window_starts(length + extra - 1, length, stride, cover_end=True)
    assert covering[: len(plain)].tolist() == plain.tolist()
    assert len(covering) - len(plain) == ((extra - 1) % stride != 0)


def test_a_batch_lies_time_major_in_memory_and_is_a_copy_of_the_frames() -> None:
    table = take_frames([make_clip(20, joints=4)], [1], 5)
    batch = Windows(table, torch.tensor([0, 3, 15], dtype=torch.int32), 5).gather(torch.tensor([2, 0]))
    assert batch.keypoints.shape == (2, 5, 4, 2)
    assert batch.keypoints.transpose(0, 1).is_contiguous()
    assert torch.equal(batch.keypoints, torch.stack([table.frames[15:20], table.frames[:5]]))


def test_overlapping_windows_copy_no_frames() -> None:
    table = take_frames([make_clip(5000)], [0], 9)
    windows = Windows(table, index_windows(table, [0], 9, 1, cover_end=True), 9)
    assert windows.table is table
    assert windows.starts.dtype == torch.int32
    assert len(windows) == 4992


def test_no_clips_have_no_windows() -> None:
    starts = index_windows(table_of([9], 9), [], 9, 9, cover_end=True)
    assert (starts.shape, starts.dtype) == ((0,), torch.int32)


@pytest.mark.parametrize("index", [0, 4, 9])
def test_the_first_and_the_last_frame_of_a_clip_are_its_own(index: int) -> None:
    windows = Windows(table_of([10, 10, 10], 1), torch.arange(30, dtype=torch.int32), 1)
    assert windows.clip_of(torch.tensor([index, 10 + index, 20 + index])).tolist() == [0, 1, 2]
