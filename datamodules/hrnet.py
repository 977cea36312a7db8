"""Videos, whose key points MMPose estimates: HRNet by default."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from datamodules.people import PeopleDataModule

if TYPE_CHECKING:
    from pose.readers.extracted import ExtractedSource


class HRNetDataModule(PeopleDataModule):
    """Windows of people in videos.

    Key points that the store lacks are extracted first, in a process of its own, so that this one does not load
    OpenMMLab; with a complete store no process does.

    Args:
        path: a video, a folder of pictures, a folder of those, or a manifest.
        store: the folder of all stores of key points.
        detector: detects people; not used where the estimator detects them itself.
        estimator: estimates their joints.
        nms: removes duplicates.
        tracker: links the people of one frame to those of the next.
        detect_every: frames of a segment from one detection to the next; boxes between are interpolated.
        people_per_batch: people a batch of the estimator.
        frames_per_batch: frames a batch of the detector; fewer where they would reach over more than 64 frames.
        label_names: names of labels that are numbers.
        num_threads: of the CPU, for what is missing in the store; None leaves it to PyTorch.
        **options: of `PeopleDataModule`.
    """

    def __init__(
        self,
        path: str,
        store: str,
        detector: Any,
        estimator: Any,
        nms: Any,
        tracker: Any,
        detect_every: int = 1,
        people_per_batch: int = 32,
        frames_per_batch: int = 8,
        label_names: Mapping[Any, str] = MappingProxyType({}),
        num_threads: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(path, **options)
        self.store = store
        self.label_names = label_names
        self.num_threads = num_threads
        self.extraction = {
            "detector": detector,
            "estimator": estimator,
            "nms": nms,
            "tracker": tracker,
            "detect_every": detect_every,
            "people_per_batch": people_per_batch,
            "frames_per_batch": frames_per_batch,
        }

    def source(self) -> ExtractedSource:
        """Return the clips of everybody in the videos, once what the store lacks is extracted."""
        from pose.extraction.components import PoseComponents
        from pose.readers.extracted import ExtractedSource

        components = PoseComponents(**self.extraction)
        source = ExtractedSource(
            self.path,
            components,
            self.store,
            id_pattern=self.id_pattern,
            fps=self.file_fps,
            tracks=self.tracks(),
            label_names=self.label_names,
            num_threads=self.num_threads,
        )
        source.extract_missing()
        return source
