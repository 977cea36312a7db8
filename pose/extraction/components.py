"""What an extraction is put together from, and what makes two of them the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pose.errors import DataError
from pose.interfaces import Detector, Model, Poses, TopDownEstimator, Tracker, WholePictureEstimator
from pose.oks import get_sigmas

FORMAT = 2
"""Of the store and of how its key points are found; another number makes everything anew.

2: a person who is alone may be unseen for `max_gap` only; people are detected in every n-th frame of a segment,
whatever the batches; folders of pictures are told apart by their frames a second.
"""

FULL_PRECISION = "float32"
"""What everything computes in that says nothing else."""

_HELD = 64
"""Frames that the detector's batch may reach over, where it would itself be of fewer."""

_WITHOUT_JOINTS = {"nms": "none", "tracker": "bytetrack"}  # options that go for any layout


class PoseNMS(Model, Protocol):
    """Takes away what was found twice."""

    def keep(self, poses: Poses) -> Poses:
        """The people of one frame, each once."""


class TrackerOption(Model, Protocol):
    """A kind of tracker."""

    def start(self, fps: float) -> Tracker:
        """A new one, for one video."""


@dataclass(frozen=True)
class Parts:
    """The parts of an extraction.

    Args:
        detector: finds people; None where the estimator finds them itself.
        estimator: finds their joints.
        nms: takes duplicates away.
        tracker: follows people.
        detect_every: frames of a segment from one detection to the next, at least 1; boxes between are interpolated.
        people_per_batch: people, or frames for an estimator of whole pictures, that the network sees at once.
        frames_per_batch: of the frames that people are detected in, those that the detector sees at once; fewer where
            they would reach over more than 64 frames (`frames_at_once`).

    Raises:
        DataError: a number is out of its range, or parts are for other joints than the estimator's.
    """

    detector: Detector | None
    estimator: TopDownEstimator | WholePictureEstimator
    nms: PoseNMS
    tracker: TrackerOption
    detect_every: int = 1
    people_per_batch: int = 32
    frames_per_batch: int = 8
    _identity: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("detect_every", "people_per_batch", "frames_per_batch"):
            if getattr(self, name) < 1:
                raise DataError(f"{name} is {getattr(self, name)}: give 1 or more")
        if self.top_down and self.detector is None:
            raise DataError("this estimator needs persons' boxes: choose a `detector`")
        for name, other in _WITHOUT_JOINTS.items():
            self._check_joints(name, other)

    def _check_joints(self, name: str, other: str) -> None:
        """Sees that a part that compares poses knows the estimator's joints; it would tell once it is shown one."""
        skeleton, wanted = getattr(getattr(self, name), "skeleton", None), self.estimator.skeleton
        if skeleton in (None, wanted):
            return
        try:
            get_sigmas(wanted)
        except DataError as error:
            raise DataError(f"{str(error).partition(';')[0]}: type `{name}`={other}") from error
        raise DataError(
            f"the estimator finds {wanted} and `Parts.{name}` is for {skeleton}: set `{name}.skeleton`={wanted}"
        )

    @property
    def top_down(self) -> bool:
        """Whether the estimator takes persons' boxes."""
        return hasattr(self.estimator, "crop")

    @property
    def frames_at_once(self) -> int:
        """Frames that are held to be worked on together; about as many more are decoded meanwhile.

        For a detector they are a multiple of `detect_every`, so that the first of each is one to detect people in.
        """
        if not self.top_down:
            return self.people_per_batch
        most = max(_HELD, self.frames_per_batch)
        return self.detect_every * max(1, min(self.frames_per_batch, most // self.detect_every))

    @property
    def precision(self) -> str:
        """What the networks compute in, the detector's first where they differ; `auto` leaves it to the machine."""
        parts = (self.detector, self.estimator) if self.top_down else (self.estimator,)
        networks = [network for part in parts if (network := getattr(part, "network", None)) is not None]
        return ", ".join(dict.fromkeys(network.used_precision for network in networks)) or FULL_PRECISION

    def fetch(self) -> None:
        """Sees that all weights are at hand, so that it is told before anything begins where they are not.

        Raises:
            DataError: some cannot be had.
        """
        for part in (self.detector, self.estimator) if self.top_down else (self.estimator,):
            if (fetch := getattr(part, "fetch", None)) is not None:
                fetch()

    @property
    def identity(self) -> Mapping[str, Any]:
        """All that the key points depend on; how many are computed at once is not among it."""
        if not self._identity:
            parts: dict[str, Any] = {"estimator": self.estimator, "nms": self.nms, "tracker": self.tracker}
            if self.top_down:
                parts["detector"] = self.detector
            self._identity.update({name: dict(part.identity) for name, part in parts.items()}, format=FORMAT)
            if self.top_down:
                self._identity["detect_every"] = self.detect_every
        return self._identity

    @property
    def name(self) -> str:
        """The estimator's name or config, and a digest of the identity: the store's folder."""
        estimator = self.identity["estimator"]
        return f"{Path(estimator.get('name') or estimator['config']).stem}-{digest(self.identity)[:8]}"


def digest(identity: Mapping[str, Any]) -> str:
    """32 hexadecimal digits that two identities share only if they are the same."""
    return hashlib.blake2b(canonical(identity).encode(), digest_size=16).hexdigest()


def canonical(identity: Mapping[str, Any]) -> str:
    """The identity as text, the same for the same."""
    return json.dumps(identity, sort_keys=True, indent=2) + "\n"
