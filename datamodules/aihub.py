"""Labels of AI-Hub's data set of human actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datamodules.keypoints import KeypointDataModule
from pose.clip import Source


class AIHubDataModule(KeypointDataModule):
    """Windows of AI-Hub's labels.

    Args:
        path: the data set's folder, or one below it.
        actions: name of each action by its number.
        fps: frames a second of the videos.
        frame_step: frames from one label to the next; None for the commonest.
        id_pattern: regular expression that finds subject, camera and recording in each file's name.
        max_gap: labels that may be missing within a clip.
        min_frames: labels that a clip must have.
        **options: of `KeypointDataModule`.
    """

    def __init__(
        self,
        path: str,
        actions: Mapping[Any, str],
        fps: float = 30.0,
        frame_step: int | None = None,
        id_pattern: str | None = None,
        max_gap: int = 2,
        min_frames: int = 1,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.path = path
        self.reading = (actions, fps, frame_step, id_pattern, max_gap, min_frames)

    def source(self) -> Source:
        """Return the labels' clips."""
        from pose.readers.aihub import AIHubSource

        return AIHubSource(self.path, *self.reading)
