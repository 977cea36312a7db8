"""Windows: consecutive frames of one clip, kept as the numbers of their first frames."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from datamodules.frames import FrameTable


class Batch(NamedTuple):
    """What a step gets.

    Args:
        keypoints: `[B, T, V, C]` float32, a view of memory that lies time-major, as recurrent networks like it.
        target: `[B]` int64, class index.
        clip: `[B]` int32, index of the clip that the window is from.
    """

    keypoints: torch.Tensor
    target: torch.Tensor
    clip: torch.Tensor


def window_starts(length: int, sequence_length: int, stride: int, cover_end: bool) -> npt.NDArray[np.int32]:
    """Return the first frames of the windows of a clip of `length` frames, counted from its beginning.

    Args:
        length: frames of the clip, at least `sequence_length`.
        sequence_length: frames a window, at least 1.
        stride: frames from one window to the next, at least 1.
        cover_end: add a last window that ends with the clip, where the stride leaves frames over.

    Example:
        >>> window_starts(length=10, sequence_length=4, stride=4, cover_end=True)
        array([0, 4, 6], dtype=int32)
    """
    last = length - sequence_length
    starts = np.arange(0, last + 1, stride, dtype=np.int32)
    if cover_end and starts[-1] != last:
        starts = np.append(starts, np.int32(last))
    return starts


def uncovered_frames(length: int, sequence_length: int, stride: int, cover_end: bool) -> int:
    """Count the frames of a clip that are in none of the windows of `window_starts`, whose arguments these are.

    Example:
        >>> uncovered_frames(length=10, sequence_length=4, stride=4, cover_end=False)
        2
    """
    last = length - sequence_length
    steps = last // stride
    gaps = steps * max(stride - sequence_length, 0)
    rest = last - steps * stride
    return gaps + (max(rest - sequence_length, 0) if cover_end else rest)


def index_windows(
    table: FrameTable, clips: Iterable[int] | npt.NDArray[np.int64], sequence_length: int, stride: int, cover_end: bool
) -> torch.Tensor:
    """Return the first frames, in the table, of all windows of these clips: `[num_windows]` int32."""
    offsets = table.offsets.numpy()
    empty = np.empty(0, dtype=np.int32)
    starts = [
        np.int32(offsets[clip])
        + window_starts(int(offsets[clip + 1] - offsets[clip]), sequence_length, stride, cover_end)
        for clip in clips
    ]
    return torch.from_numpy(np.concatenate([empty, *starts]))


class Windows:
    """The windows of one part of the data: a number a window, and the frames, which all parts share.

    Args:
        table: the frames.
        starts: `[num_windows]` int32, first frames in the table.
        sequence_length: frames a window.

    Example:
        >>> frames = torch.arange(12.0).reshape(6, 1, 2)
        >>> table = FrameTable(frames, torch.tensor([0, 6]), labels=torch.tensor([1]), padded=0, missing=0)
        >>> batch = Windows(table, starts=torch.tensor([0, 3]), sequence_length=3).gather(torch.tensor([1]))
        >>> batch.keypoints[0, :, 0].tolist(), batch.target.tolist()
        ([[6.0, 7.0], [8.0, 9.0], [10.0, 11.0]], [1])
    """

    def __init__(self, table: FrameTable, starts: torch.Tensor, sequence_length: int) -> None:
        self.table = table
        self.starts = starts
        self.sequence_length = sequence_length

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int) -> Batch:
        return Batch(*(field[0] for field in self.__getitems__([index])))

    def __getitems__(self, index: list[int]) -> Batch:
        """Return one batch in one gather; DataLoader prefers this to single windows."""
        return self.gather(torch.tensor(index))

    def gather(self, index: torch.Tensor) -> Batch:
        """Return the windows with these numbers, `[B]` integers on the device of the table."""
        frames = self.table.frames
        starts = self.starts[index]
        steps = torch.arange(self.sequence_length, device=frames.device)
        rows = frames.index_select(0, (steps[:, None] + starts).flatten())
        clip = self.clip_of(starts)
        time_major = rows.view(self.sequence_length, len(starts), *frames.shape[1:])
        return Batch(time_major.transpose(0, 1), self.table.labels[clip], clip)

    def clip_of(self, starts: torch.Tensor) -> torch.Tensor:
        """Return the index of the clip that each first frame lies in; searched, since to keep it costs 4 bytes each."""
        return torch.searchsorted(self.table.offsets, starts, right=True, out_int32=True).sub_(1)

    def targets(self) -> torch.Tensor:
        """Return the class index of every window, `[num_windows]` int64."""
        return self.table.labels[self.clip_of(self.starts)]

    def clips(self) -> npt.NDArray[np.int64]:
        """Return the indices of the clips that the windows are from; the first frames must ascend."""
        return np.flatnonzero(np.diff(np.searchsorted(self.starts.numpy(), self.table.offsets.numpy())))

    def on(self, table: FrameTable) -> Windows:
        """Return the same windows over a copy of the table on another device."""
        return Windows(table, self.starts.to(table.frames.device), self.sequence_length)
