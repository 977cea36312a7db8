"""What the models ask of a data module that was set up: any class that has this will do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import torch


class WindowData(Protocol):
    """What is asked of a data module that was set up, besides its loaders."""

    normalize: str
    velocity: bool
    scores: bool
    sequence_length: int
    num_coordinates: int
    fps: float
    skeleton: Any
    class_names: tuple[str, ...]
    abnormal_classes: tuple[str, ...]

    @property
    def num_channels(self) -> int:
        """C of the network's input."""

    @property
    def has_validation(self) -> bool:
        """Whether there is a validation part."""

    @property
    def curve_parts(self) -> list[str]:
        """The parts that are looked at after every epoch."""

    @property
    def part_sizes(self) -> dict[str, int]:
        """Windows of each part."""

    def train_frames(self) -> Iterator[torch.Tensor]:
        """Frames that training windows cover, `[n, V, C]`."""

    def train_counts(self) -> torch.Tensor:
        """Training windows of each class, `[K]`."""

    def batches(self, part: str) -> Iterator[Any]:
        """All windows of a part."""
