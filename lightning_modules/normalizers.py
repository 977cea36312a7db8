"""Normalisers: raw key points of a window to features of a window, as modules that are saved with the network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import torch
from torch import nn


class Normalizer(nn.Module):
    """The key points as they are; the base of the other normalisers.

    Args:
        num_joints: V.
        num_coordinates: 2 or 3.
        num_channels: C, the coordinates and whatever follows them (the score).

    Example:
        >>> Normalizer(num_joints=17, num_coordinates=2, num_channels=2)(torch.zeros(8, 9, 17, 2)).shape
        torch.Size([8, 9, 34])
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

    def fit(self, frames: Iterable[torch.Tensor], windows: Iterable[torch.Tensor] = ()) -> None:
        """Take statistics of chunks `[n, V, C]` of the training frames and `[n, T, V, C]` of the windows."""

    def forward(self, keypoints: torch.Tensor) -> torch.Tensor:
        """Return features `[B, T, V * C]` of key points `[B, T, V, C]`."""
        return keypoints.flatten(2)


class StandardNormalizer(Normalizer):
    """Mean 0 and variance 1 a coordinate of a joint, over the training frames, as in the paper.

    Example:
        >>> frames = torch.tensor([[[1.0, 10.0]], [[3.0, 30.0]]])  # two frames of one joint
        >>> normalizer = StandardNormalizer(num_joints=1, num_coordinates=2, num_channels=2)
        >>> normalizer.fit([frames])
        >>> normalizer(frames[None])
        tensor([[[-1., -1.],
                 [ 1.,  1.]]])
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, num_joints: int, num_coordinates: int, num_channels: int) -> None:
        super().__init__(num_joints, num_coordinates, num_channels)
        self.register_buffer("mean", torch.zeros(self.num_features))
        self.register_buffer("std", torch.ones(self.num_features))

    def fit(self, frames: Iterable[torch.Tensor], windows: Iterable[torch.Tensor] = ()) -> None:
        """Compute mean and standard deviation of chunks `[n, V, C]`, in double precision in one pass."""
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
        # A coordinate that never changes carries no information, and becomes 0.
        self.std.copy_(torch.where(std > 1e-6, std, 1.0))

    def forward(self, keypoints: torch.Tensor) -> torch.Tensor:
        """Return features `[B, T, V * C]`, each of mean 0 and variance 1 on the training frames."""
        return (keypoints.flatten(2) - self.mean) / self.std


class BodyNormalizer(Normalizer):
    """Key points relative to the person's place and size, so that neither matters.

    The origin is the mean of the trunk's joints over the window, the unit the root mean square distance of a frame's
    joints from their middle, over the window. One origin and one unit a window keep a fall a fall. Scores pass as they
    are.

    Args:
        num_joints: V.
        num_coordinates: 2 or 3.
        num_channels: C.
        trunk: indices of the joints whose mean is the origin; all where it is empty.

    Example:
        >>> normalizer, keypoints = BodyNormalizer(3, num_coordinates=2, num_channels=2), torch.randn(1, 9, 3, 2)
        >>> torch.allclose(normalizer(keypoints), normalizer(20 * keypoints + 300), atol=1e-4)
        True
    """

    def __init__(self, num_joints: int, num_coordinates: int, num_channels: int, trunk: Sequence[int] = ()) -> None:
        super().__init__(num_joints, num_coordinates, num_channels)
        self.trunk = list(trunk) or list(range(num_joints))

    def forward(self, keypoints: torch.Tensor) -> torch.Tensor:
        """Return features `[B, T, V * C]` in units of the person's size."""
        points = keypoints[..., : self.num_coordinates]
        origin = points[:, :, self.trunk].mean(dim=(1, 2), keepdim=True)
        spread = points - points.mean(dim=2, keepdim=True)
        size = spread.square().sum(dim=-1, keepdim=True).mean(dim=(1, 2), keepdim=True).sqrt()
        relative = (points - origin) / size.clamp(min=1e-6)
        return torch.cat([relative, keypoints[..., self.num_coordinates :]], dim=-1).flatten(2)


class WithVelocity(Normalizer):
    """Another normaliser's features, and after them how its coordinates change from frame to frame.

    The first frame of a window has velocity 0, since a recogniser sees no frame before it. The unit of a velocity is
    its root mean square over the training windows, so that 0 still means no motion; overlapping windows count a frame
    as often as they hold it.

    Args:
        positions: the other normaliser.

    Example:
        >>> keypoints = torch.tensor([0.0, 1.0, 3.0, 3.0, 3.0, 3.0]).reshape(1, 3, 1, 2)  # three frames of one joint
        >>> WithVelocity(Normalizer(1, 2, 2))(keypoints)
        tensor([[[0., 1., 0., 0.],
                 [3., 3., 3., 2.],
                 [3., 3., 0., 0.]]])
    """

    unit: torch.Tensor

    def __init__(self, positions: Normalizer) -> None:
        super().__init__(positions.num_joints, positions.num_coordinates, positions.num_channels)
        self.positions = positions
        self.register_buffer("unit", torch.ones(self.num_joints * self.num_coordinates))

    @property
    def num_features(self) -> int:
        """F = V * (C + number of coordinates), features a frame."""
        return self.positions.num_features + len(self.unit)

    def fit(self, frames: Iterable[torch.Tensor], windows: Iterable[torch.Tensor] = ()) -> None:
        """Fit the positions to the frames, then the units of velocities to the windows `[n, T, V, C]`."""
        self.positions.fit(frames)
        count, squares = 0, torch.zeros(len(self.unit), dtype=torch.float64)
        for chunk in windows:
            moves = self._velocity(self.positions(chunk).transpose(0, 1))[1:].flatten(0, 1)
            count += len(moves)
            squares += moves.double().square().sum(dim=0)
        if count:
            root = (squares / count).sqrt()
            self.unit.copy_(torch.where(root > 1e-6, root, 1.0))

    def forward(self, keypoints: torch.Tensor) -> torch.Tensor:
        """Return features `[B, T, V * C + V * coordinates]`: positions, then velocities."""
        positions = self.positions(keypoints).transpose(0, 1)  # as it lies in memory
        return torch.cat([positions, self._velocity(positions) / self.unit], dim=2).transpose(0, 1)

    def _velocity(self, positions: torch.Tensor) -> torch.Tensor:
        """Return the differences `[T, B, V * coordinates]` of features `[T, B, V * C]` to the frame before."""
        joints = positions.reshape(*positions.shape[:2], self.num_joints, self.num_channels)
        points = joints[..., : self.num_coordinates].flatten(2)
        return torch.cat([torch.zeros_like(points[:1]), points.diff(dim=0)])


def make_normalizer(
    name: str,
    num_joints: int,
    num_coordinates: int,
    num_channels: int,
    trunk: Sequence[int] = (),
    velocity: bool = False,
) -> Normalizer:
    """Return the normaliser called `standard`, `body` or `none`, followed by velocities where they are asked for.

    Raises:
        ValueError: there is none of that name.

    Example:
        >>> make_normalizer("body", num_joints=17, num_coordinates=2, num_channels=2, velocity=True).num_features
        68
    """
    sizes = (num_joints, num_coordinates, num_channels)
    body = partial(BodyNormalizer, trunk=trunk)
    kinds: dict[str, Callable[..., Normalizer]] = {"standard": StandardNormalizer, "body": body, "none": Normalizer}
    if name not in kinds:
        raise ValueError(f"normalize={name} is not one of {', '.join(kinds)}")
    normalizer = kinds[name](*sizes)
    return WithVelocity(normalizer) if velocity else normalizer
