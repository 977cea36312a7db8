"""Normalisers: raw key points of a window to features of a window, as modules that are saved with the network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import nn


class Normalizer(nn.Module):
    """Leaves the key points as they are, and is what the other normalisers share.

    Args:
        num_joints: V.
        num_coordinates: 2 or 3.
        num_channels: C, the coordinates and whatever follows them (the score).
    """

    def __init__(self, num_joints: int, num_coordinates: int, num_channels: int) -> None:
        super().__init__()
        self.num_joints = num_joints
        self.num_coordinates = num_coordinates
        self.num_channels = num_channels

    @property
    def num_features(self) -> int:
        """F = V * C, features a frame."""
        return self.num_joints * self.num_channels

    def fit(self, frames: Iterable[torch.Tensor]) -> None:
        """Takes what it needs from chunks `[n, V, C]` of the training frames; nothing, here."""

    def forward(self, keypoints: torch.Tensor) -> torch.Tensor:
        """Features `[B, T, V * C]` of key points `[B, T, V, C]`."""
        return keypoints.flatten(2)


class StandardNormalizer(Normalizer):
    """Mean 0 and variance 1 a coordinate of a joint, over the training frames, as in the paper."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, num_joints: int, num_coordinates: int, num_channels: int) -> None:
        super().__init__(num_joints, num_coordinates, num_channels)
        self.register_buffer("mean", torch.zeros(self.num_features))
        self.register_buffer("std", torch.ones(self.num_features))

    def fit(self, frames: Iterable[torch.Tensor]) -> None:
        """Mean and standard deviation of chunks `[n, V, C]`, summed in double precision in one pass."""
        count, shift = 0, None
        total = torch.zeros(self.num_features, dtype=torch.float64)
        squares = torch.zeros_like(total)
        for chunk in frames:
            rows = chunk.flatten(1).to(torch.float64, copy=True)
            if shift is None and len(rows):
                # Pixels are far from 0: without a shift the squares would cancel.
                shift = rows[0].clone()
            if shift is not None:
                rows -= shift
            count += len(rows)
            total += rows.sum(dim=0)
            squares += rows.square().sum(dim=0)
        if shift is None:
            return
        mean = total / count
        std = (squares / count - mean.square()).clamp(min=0).sqrt()
        self.mean.copy_(mean + shift)
        # A coordinate that never changes says nothing, and stays 0.
        self.std.copy_(torch.where(std > 1e-6, std, 1.0))

    def forward(self, keypoints: torch.Tensor) -> torch.Tensor:
        """Features `[B, T, V * C]`, each of mean 0 and variance 1 on the training frames."""
        return (keypoints.flatten(2) - self.mean) / self.std


class BodyNormalizer(Normalizer):
    """Relative to where the person is and how large, so that the place in the picture does not matter.

    The origin is the mean of the trunk's joints over the window, the unit the root mean square distance of a frame's
    joints from their middle, over the window. One origin and one unit a window keep a fall a fall. Scores pass as they
    are.

    Args:
        num_joints: V.
        num_coordinates: 2 or 3.
        num_channels: C.
        trunk: indices of the joints that stand for where the person is; all where it is empty.
    """

    def __init__(self, num_joints: int, num_coordinates: int, num_channels: int, trunk: Sequence[int] = ()) -> None:
        super().__init__(num_joints, num_coordinates, num_channels)
        self.trunk = list(trunk) or list(range(num_joints))

    def forward(self, keypoints: torch.Tensor) -> torch.Tensor:
        """Features `[B, T, V * C]` in units of the person's size."""
        points = keypoints[..., : self.num_coordinates]
        origin = points[:, :, self.trunk].mean(dim=(1, 2), keepdim=True)
        spread = points - points.mean(dim=2, keepdim=True)
        size = spread.square().sum(dim=-1, keepdim=True).mean(dim=(1, 2), keepdim=True).sqrt()
        relative = (points - origin) / size.clamp(min=1e-6)
        return torch.cat([relative, keypoints[..., self.num_coordinates :]], dim=-1).flatten(2)


def make_normalizer(
    name: str, num_joints: int, num_coordinates: int, num_channels: int, trunk: Sequence[int] = ()
) -> Normalizer:
    """The normaliser called `standard`, `body` or `none`.

    Raises:
        ValueError: there is none of that name.
    """
    sizes = (num_joints, num_coordinates, num_channels)
    if name == "standard":
        return StandardNormalizer(*sizes)
    if name == "body":
        return BodyNormalizer(*sizes, trunk)
    if name == "none":
        return Normalizer(*sizes)
    raise ValueError(f"normalize={name} is not one of standard, body, none")
