"""All clips of a data module as one contiguous tensor of frames, which every window points into."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from pose.clip import Clip
from pose.errors import DataError
from pose.interpolation import find_missing, interpolate_missing


@dataclass(frozen=True, eq=False, slots=True)
class FrameTable:
    """Frames of all clips, one behind the other.

    Args:
        frames: `[N, V, C]` float32; C counts the score as the last channel where it was asked for.
        offsets: `[num_clips + 1]` int32; clip i is `frames[offsets[i]:offsets[i + 1]]`.
        labels: `[num_clips]` int64, index of each clip's class.
        padded: number of clips that were shorter than a window and were filled up with their last frame.
        missing: number of joints that were missing and were interpolated.
    """

    frames: torch.Tensor
    offsets: torch.Tensor
    labels: torch.Tensor
    padded: int
    missing: int

    def to(self, device: torch.device) -> FrameTable:
        """Return the same table on a device; itself where it is there already."""
        if self.frames.device == device:
            return self
        moved = {name: getattr(self, name).to(device) for name in ("frames", "offsets", "labels")}
        return replace(self, **moved)

    def digest(self) -> str:
        """Return a digest of frames and labels, the same on every machine."""
        digest = hashlib.blake2b(digest_size=16)
        for tensor in (self.frames, self.offsets, self.labels):
            digest.update(tensor.numpy().data)
        return digest.hexdigest()


def take_frames(clips: Sequence[Clip], labels: Sequence[int], min_length: int, with_scores: bool = False) -> FrameTable:
    """Join the key points of all clips in one tensor and interpolate missing joints there.

    Where the clips already lie one behind the other in one writable float32 array, as the simulator and the readers put
    them, that memory is taken over and changed, which halves the peak: do not use the clips' key points afterwards.

    Args:
        clips: at least one, all of the same V and C.
        labels: class index of each clip.
        min_length: frames; shorter clips are filled up with their last frame.
        with_scores: the score becomes one more channel.

    Raises:
        DataError: the clips have different joints or coordinates.

    Example:
        >>> keypoints, scores = np.ones((4, 17, 2), np.float32), np.ones((4, 17), np.float32)
        >>> clips = [Clip(name, keypoints, scores, "walk", recording=name) for name in "ab"]
        >>> table = take_frames(clips, labels=[0, 0], min_length=5)  # a frame more than a clip has
        >>> table.frames.shape, table.offsets.tolist(), table.padded
        (torch.Size([10, 17, 2]), [0, 5, 10], 2)
    """
    shapes = {clip.keypoints.shape[1:] for clip in clips}
    if len(shapes) > 1:
        raise DataError(
            f"clips have different joints or coordinates, [V, C] = {sorted(shapes)}: choose one kind by `path`"
        )
    lengths = np.array([max(len(clip), min_length) for clip in clips])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    padded = sum(len(clip) < min_length for clip in clips)
    # In shared memory the filling of one clip would overwrite the next.
    joined = _shared_memory(clips) if not (with_scores or padded) else None
    if joined is None or len(joined) != offsets[-1]:
        joints, coordinates = clips[0].keypoints.shape[1:]
        joined = np.empty((offsets[-1], joints, coordinates + with_scores), np.float32)
    missing = sum(_fill(joined[start:end], clip) for clip, start, end in zip(clips, offsets, offsets[1:], strict=False))
    return FrameTable(
        frames=torch.from_numpy(joined),
        offsets=torch.from_numpy(offsets.astype(np.int32)),
        labels=torch.tensor(labels, dtype=torch.int64),
        padded=padded,
        missing=missing,
    )


def _fill(rows: npt.NDArray[np.float32], clip: Clip) -> int:
    """Write one clip into its rows and return how many joints were missing."""
    coordinates = clip.num_coordinates
    keypoints, length = rows[: len(clip), :, :coordinates], len(clip)
    if not np.shares_memory(keypoints, clip.keypoints):
        keypoints[:] = clip.keypoints
    missing = find_missing(keypoints, clip.scores)
    if missing.any():
        interpolate_missing(keypoints, missing)
    if rows.shape[2] > coordinates:
        rows[:length, :, coordinates] = np.nan_to_num(clip.scores)
    rows[length:] = rows[length - 1]
    return int(missing.sum())


def _shared_memory(clips: Sequence[Clip]) -> npt.NDArray[np.float32] | None:
    """Return the array that all clips are consecutive views of, or None."""
    base: Any = clips[0].keypoints.base
    if not isinstance(base, np.ndarray) or base.dtype != np.float32 or base.ndim != 3 or not base.flags.c_contiguous:
        return None
    address = base.__array_interface__["data"][0]
    for clip in clips:
        if clip.keypoints.base is not base or clip.keypoints.__array_interface__["data"][0] != address:
            return None
        address += clip.keypoints.nbytes
    return base if base.flags.writeable else None
