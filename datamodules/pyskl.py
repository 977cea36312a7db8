"""Pickles in the layout of PYSKL and MMAction2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datamodules.keypoints import KeypointDataModule
from pose.clip import Source


class PysklDataModule(KeypointDataModule):
    """Windows of a PYSKL pickle.

    Args:
        path: the pickle.
        id_pattern: regular expression, or a preset, that finds subject, camera and recording in each `frame_dir`.
        class_names: names in the order of the file's labels.
        fps: frames a second.
        **options: of `KeypointDataModule`.
    """

    def __init__(
        self,
        path: str,
        id_pattern: str | None = None,
        class_names: Sequence[str] | None = None,
        fps: float = 30.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.path = path
        self.reading = (id_pattern, class_names, fps)

    def source(self) -> Source:
        """Return the pickle's clips."""
        from pose.readers.pyskl import PysklSource

        return PysklSource(self.path, *self.reading)
