"""Simulated people."""

from __future__ import annotations

from typing import Any

from datamodules.keypoints import KeypointDataModule
from pose.clip import Source


class SyntheticDataModule(KeypointDataModule):
    """Windows of `pose.simulator`.

    Args:
        frames: of key points over all clips.
        views: cameras, of 12, that see each recording.
        dimensions: 2 for pixels with an estimator's errors, 3 for the true joints in metres.
        seed: of the simulation.
        **options: of `KeypointDataModule`.
    """

    def __init__(
        self, frames: int = 62_880, views: int = 3, dimensions: int = 2, seed: int = 0, **options: Any
    ) -> None:
        super().__init__(**options)
        self.frames = frames
        self.views = views
        self.dimensions = dimensions
        self.seed = seed

    def source(self) -> Source:
        """The simulator."""
        from pose.simulator import SyntheticSource

        return SyntheticSource(self.frames, self.views, self.seed, self.dimensions)
