"""All clips in one tensor: shared where it can be, copied where it must be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.frames import take_frames
from pose.clip import Clip
from pose.errors import DataError
from pose.interpolation import find_missing, interpolate_missing
from tests.clips import make_clip


def adjacent(lengths: Sequence[int], joints: int = 3) -> tuple[np.ndarray, list[Clip]]:
    """Clips that are consecutive views of one array, as the readers make them."""
    base = np.random.default_rng(1).normal(size=(sum(lengths), joints, 2)).astype(np.float32)
    ends = np.cumsum(lengths)
    return base, [
        Clip(f"c{i}", base[end - n : end], np.ones((n, joints)), "a", "r", skeleton=f"custom-{joints}")
        for i, (n, end) in enumerate(zip(lengths, ends, strict=True))
    ]


def test_clips_that_are_adjacent_views_are_taken_over_without_a_copy() -> None:
    base, clips = adjacent([9, 12, 30])
    expected = base.copy()
    table = take_frames(clips, [0, 1, 0], 9)
    assert np.shares_memory(table.frames.numpy(), base)
    np.testing.assert_array_equal(table.frames.numpy(), expected)
    assert (table.offsets.tolist(), table.labels.tolist(), table.padded, table.missing) == (
        [0, 9, 21, 51],
        [0, 1, 0],
        0,
        0,
    )


def test_missing_joints_are_filled_in_in_the_shared_memory() -> None:
    base, clips = adjacent([10, 10])
    base[12, 1] = np.nan
    table = take_frames(clips, [0, 0], 9)
    assert np.shares_memory(table.frames.numpy(), base)
    np.testing.assert_allclose(base[12, 1], (base[11, 1] + base[13, 1]) / 2, rtol=1e-5)


@pytest.mark.parametrize("case", ["one left out", "other order", "own arrays", "read-only", "double", "scores"])
def test_any_other_clips_are_copied_and_left_as_they_were(case: str) -> None:
    base, clips = adjacent([10, 12, 11])
    clips[1].scores[3, 0] = 0
    if case == "one left out":
        clips = [clips[0], clips[2]]
    elif case == "other order":
        clips = [clips[1], clips[0], clips[2]]
    elif case in ("own arrays", "double"):
        kind = np.float64 if case == "double" else np.float32
        clips = [
            Clip(c.id, c.keypoints.astype(kind), c.scores, c.label, c.recording, skeleton=c.skeleton) for c in clips
        ]
    elif case == "read-only":
        base.flags.writeable = False
    before = [clip.keypoints.copy() for clip in clips]
    table = take_frames(clips, [0] * len(clips), 9, with_scores=case == "scores")
    for clip, kept, start, end in zip(clips, before, table.offsets, table.offsets[1:], strict=False):
        assert not np.shares_memory(table.frames.numpy(), clip.keypoints)
        np.testing.assert_array_equal(clip.keypoints, kept)
        expected = kept.astype(np.float32)
        interpolate_missing(expected, find_missing(expected, clip.scores))
        np.testing.assert_array_equal(table.frames[start:end, :, :2].numpy(), expected)


def test_short_clips_are_filled_up_with_their_last_frame_and_counted() -> None:
    _, clips = adjacent([4, 9, 8])
    expected = [clip.keypoints.copy() for clip in clips]
    table = take_frames(clips, [0, 1, 2], 9)
    assert (table.padded, table.offsets.tolist()) == (2, [0, 9, 18, 27])
    for clip, start in zip(expected, (0, 9, 18), strict=True):
        rows = table.frames[start : start + 9].numpy()
        np.testing.assert_array_equal(rows[: len(clip)], clip)
        assert (rows[len(clip) :] == clip[-1]).all()


def test_filling_up_one_clip_never_overwrites_the_next_in_shared_memory() -> None:
    # Filled up, the first two take just as much room as the array that all four lie in.
    _, clips = adjacent([5, 5, 6, 4])
    expected = [clip.keypoints.copy() for clip in clips[:2]]
    table = take_frames(clips[:2], [0, 0], 10)
    np.testing.assert_array_equal(table.frames[:5].numpy(), expected[0])
    np.testing.assert_array_equal(table.frames[10:15].numpy(), expected[1])


@settings(deadline=None)
@given(st.lists(st.integers(1, 15), min_size=1, max_size=5), st.integers(0, 2**16), st.booleans())
def test_clips_are_filled_in_each_by_itself_and_missing_joints_are_counted(
    lengths: list[int], seed: int, with_scores: bool
) -> None:
    base, clips = adjacent(lengths)
    lost = np.random.default_rng(seed).random(base.shape[:2]) < 0.4
    base[lost] = np.nan
    alone = []
    for clip in clips:
        points = clip.keypoints.copy()
        interpolate_missing(points, find_missing(points, clip.scores))
        alone.append(points)
    table = take_frames(clips, [0] * len(clips), 1, with_scores)
    assert table.missing == lost.sum()
    np.testing.assert_array_equal(table.frames[:, :, :2].numpy(), np.concatenate(alone))
    assert table.frames.shape[2] == 2 + with_scores


def test_the_score_is_the_last_channel_where_it_is_asked_for() -> None:
    _, clips = adjacent([10])
    clips[0].scores[:] = np.linspace(0.1, 1, 30).reshape(10, 3)
    clips[0].scores[4, 1] = np.nan
    table = take_frames(clips, [0], 12, with_scores=True)
    expected = np.nan_to_num(clips[0].scores).astype(np.float32)
    np.testing.assert_array_equal(table.frames[:10, :, 2].numpy(), expected)
    assert (table.frames[10:, :, 2].numpy() == expected[-1]).all()


def test_clips_of_different_joints_are_refused() -> None:
    with pytest.raises(DataError, match="different joints or coordinates"):
        take_frames([make_clip(9, joints=3), make_clip(9, joints=4)], [0, 0], 9)


def test_the_digest_is_of_the_numbers_not_of_how_they_lie_in_memory() -> None:
    _, clips = adjacent([9, 12])
    copies = [Clip(c.id, c.keypoints.copy(), c.scores, c.label, c.recording, skeleton=c.skeleton) for c in clips]
    copied = take_frames(copies, [0, 1], 9)
    digest = copied.digest()
    assert digest == take_frames(clips, [0, 1], 9).digest() == take_frames(copies, [0, 1], 9).digest()
    assert digest != take_frames(copies, [1, 0], 9).digest()
    copied.frames[3, 1, 0] += 1e-3
    assert digest != copied.digest()


def test_the_digest_is_the_same_on_every_machine() -> None:
    frames = np.arange(9 * 2 * 2, dtype=np.float32).reshape(9, 2, 2)
    clip = Clip("c", frames, np.ones((9, 2)), "a", "r", skeleton="custom-2")
    assert take_frames([clip], [0], 9).digest() == "dfe85860cf639e0c9afbae2ae84cc195"


def test_a_table_that_is_on_the_device_already_stays_itself() -> None:
    _, clips = adjacent([9])
    table = take_frames(clips, [0], 9)
    assert table.to(torch.device("cpu")) is table
    assert table.to(torch.device("meta")).frames.device.type == "meta"
