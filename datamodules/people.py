"""What the data modules of other pose estimators' files share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from datamodules.keypoints import KeypointDataModule

if TYPE_CHECKING:
    from pose.readers.base import PeopleSource
    from pose.readers.sequences import TrackOptions


class PeopleDataModule(KeypointDataModule):
    """Windows of the people that an estimator detected in recordings. A subclass says how its files are read.

    Args:
        path: the files, a folder of them, or a manifest.
        id_pattern: regular expression, or a preset, that finds label, subject, camera and recording in a file's name.
        fps: frames a second.
        image_size: width and height of the pictures in pixels; None where not known.
        max_gap: frames that a person may be unseen within a clip.
        min_frames: frames in which a person must be seen.
        max_people: at a time, those seen longest; None for everybody.
        min_overlap: intersection over union of the boxes of one person from frame to frame.
        **options: of `KeypointDataModule`.
    """

    def __init__(
        self,
        path: str,
        id_pattern: str | None = None,
        fps: float = 30.0,
        image_size: Sequence[int] | None = None,
        max_gap: int = 10,
        min_frames: int = 9,
        max_people: int | None = None,
        min_overlap: float = 0.3,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.path = path
        self.id_pattern = id_pattern
        self.file_fps = fps
        self.image_size = image_size
        self.tracking = (max_gap, min_frames, max_people, min_overlap)

    def reader(self) -> type[PeopleSource]:
        """Return the class that reads the files."""
        raise TypeError(f"{type(self).__name__} has no reader of files: write its method reader()")

    def source(self) -> PeopleSource:
        """Return the files' clips."""
        return self.reader()(self.path, self.id_pattern, self.file_fps, self.image_size, self.tracks())

    def tracks(self) -> TrackOptions:
        """Return how people become clips."""
        from pose.readers.sequences import TrackOptions

        return TrackOptions(*self.tracking)
