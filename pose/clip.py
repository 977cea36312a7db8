"""The clip: one person's unbroken track of key points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pose.errors import DataError
from pose.skeletons import get_skeleton


@dataclass(frozen=True, eq=False, slots=True)
class Clip:
    """One person seen by one camera over consecutive frames.

    Args:
        id: unique within its source.
        keypoints: `[T, V, C]` floats, C = 2 (x, y in pixels) or 3 (x, y, z). NaN marks a missing joint.
        scores: `[T, V]` floats in 0..1, the estimator's confidence. 0 marks a missing joint.
        label: name of the action, or None where it is not known.
        recording: one performance, shared by all its cameras, persons and tracks.
        subject: who performs, or None where it is not known.
        camera: which camera, or None where it is not known.
        fps: frames a second, above 0.
        image_size: width and height of the picture in pixels.
        skeleton: name of a layout in `pose.skeletons`, or "custom-V" for any other V joints.

    Raises:
        DataError: shapes, joints or fps do not fit together.

    Example:
        >>> import numpy as np
        >>> clip = Clip("anna-1", np.zeros((9, 17, 2)), np.ones((9, 17)), label="walking", recording="r1", fps=25)
        >>> len(clip), clip.num_joints, clip.num_coordinates
        (9, 17, 2)
        >>> Clip("anna-2", np.zeros((9, 16, 2)), np.ones((9, 16)), label="walking", recording="r1")
        Traceback (most recent call last):
        pose.errors.DataError: clip anna-2: has 16 joints, but skeleton coco17 has 17
    """

    id: str
    keypoints: npt.NDArray[np.floating[Any]]
    scores: npt.NDArray[np.floating[Any]]
    label: str | None
    recording: str
    subject: str | None = None
    camera: str | None = None
    fps: float = 30.0
    image_size: tuple[int, int] = (1920, 1080)
    skeleton: str = "coco17"

    def __post_init__(self) -> None:
        if self.keypoints.ndim != 3 or self.keypoints.shape[2] not in (2, 3):
            raise DataError(f"clip {self.id}: key points have shape {self.keypoints.shape}, expected [T, V, 2 or 3]")
        if self.scores.shape != self.keypoints.shape[:2]:
            raise DataError(
                f"clip {self.id}: scores have shape {self.scores.shape}, expected that of its key points, "
                f"{self.keypoints.shape[:2]}"
            )
        if not len(self):
            raise DataError(f"clip {self.id}: has no frames")
        joints = get_skeleton(self.skeleton).num_joints
        if joints != self.num_joints:
            raise DataError(f"clip {self.id}: has {self.num_joints} joints, but skeleton {self.skeleton} has {joints}")
        if not self.fps > 0:
            raise DataError(f"clip {self.id}: fps is {self.fps}, expected above 0")

    def __len__(self) -> int:
        return int(self.keypoints.shape[0])

    @property
    def num_joints(self) -> int:
        """Number of joints, V."""
        return int(self.keypoints.shape[1])

    @property
    def num_coordinates(self) -> int:
        """Number of coordinates, C: 2 or 3."""
        return int(self.keypoints.shape[2])


class Source(Protocol):
    """A source of clips: the simulator, or a reader of another tool's files."""

    @property
    def class_names(self) -> Sequence[str]:
        """Names of the actions, in the order of the class index."""

    @property
    def splits(self) -> Mapping[str, frozenset[str]]:
        """Named splits of the data, as ids of clips; empty where the data names none."""

    def clips(self) -> list[Clip]:
        """Return every clip, in an order that does not change from call to call."""
