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

    Example:
        >>> data = SyntheticDataModule(frames=3_000, views=2, split={"protocol": "clip"})
        >>> data.setup()
        >>> data.class_names
        ('carrying', 'falling down', 'walking', 'lifting', 'standing', 'lying down')
        >>> next(iter(data.train_dataloader())).keypoints.shape  # windows, frames, joints, coordinates
        torch.Size([247, 9, 17, 2])
    """

    def __init__(
        self, frames: int = 62_880, views: int = 3, dimensions: int = 2, seed: int = 0, **options: Any
    ) -> None:
        super().__init__(**options)
        self.simulation = (frames, views, seed, dimensions)

    def source(self) -> Source:
        """Return the simulator."""
        from pose.simulator import SyntheticSource

        return SyntheticSource(*self.simulation)
