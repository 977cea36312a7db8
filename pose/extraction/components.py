"""The components of an extraction, and their identity: what decides whether two extractions are the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from pose.errors import DataError
from pose.interfaces import Detector, Model, Poses, TopDownEstimator, Tracker, WholePictureEstimator
from pose.oks import get_sigmas

FORMAT = 2
"""Of the store and of how its key points are found; another number makes everything anew.

2: a person who is alone may be unseen for `max_gap` only; people are detected in every n-th frame of a segment,
whatever the batches; folders of pictures are distinguished by their frames a second.
"""

FULL_PRECISION = "float32"
"""Precision where nothing else is said."""

_HELD = 64
"""Frames that the detector's batch may reach over, where it would itself be of fewer."""

_WITHOUT_JOINTS = {"nms": "none", "tracker": "bytetrack"}  # options that go for any layout


class PoseNMS(Model, Protocol):
    """Removes duplicate poses."""

    def keep(self, poses: Poses) -> Poses:
        """Return the people of one frame, each once."""


class TrackerOption(Model, Protocol):
    """A kind of tracker."""

    def start(self, fps: float) -> Tracker:
        """Return a new tracker for one video."""


@dataclass(frozen=True)
class PoseComponents:
    """The components of an extraction.

    Args:
        detector: finds people; None where the estimator finds them itself.
        estimator: finds their joints.
        nms: takes duplicates away.
        tracker: follows people.
        detect_every: frames of a segment from one detection to the next, at least 1; boxes between are interpolated.
        people_per_batch: people, or frames for an estimator without a detector, that the network sees at once.
        frames_per_batch: of the frames that people are detected in, those that the detector sees at once; fewer where
            they would reach over more than 64 frames (`frames_at_once`).

    Raises:
        DataError: a number is out of its range, or components are for other joints than the estimator's.
    """

    detector: Detector | None
    estimator: TopDownEstimator | WholePictureEstimator
    nms: PoseNMS
    tracker: TrackerOption
    detect_every: int = 1
    people_per_batch: int = 32
    frames_per_batch: int = 8

    def __post_init__(self) -> None:
        for name in ("detect_every", "people_per_batch", "frames_per_batch"):
            if getattr(self, name) < 1:
                raise DataError(f"{name} is {getattr(self, name)}: give 1 or more")
        if self.top_down and self.detector is None:
            raise DataError("this estimator needs persons' boxes: choose a `detector`")
        for name, other in _WITHOUT_JOINTS.items():
            self._check_joints(name, other)

    def _check_joints(self, name: str, other: str) -> None:
        """Check that a part that compares poses is for the estimator's joints."""
        skeleton, wanted = getattr(getattr(self, name), "skeleton", None), self.estimator.skeleton
        if skeleton in (None, wanted):
            return
        try:
            get_sigmas(wanted)
        except DataError as error:
            raise DataError(f"{str(error).partition(';')[0]}: type `{name}`={other}") from error
        raise DataError(
            f"the estimator finds {wanted} and `PoseComponents.{name}` is for {skeleton}: "
            f"set `{name}.skeleton`={wanted}"
        )

    @property
    def top_down(self) -> bool:
        """Whether the estimator takes persons' boxes."""
        return hasattr(self.estimator, "crop")

    @property
    def _networks(self) -> list[Any]:
        models = (self.detector, self.estimator) if self.top_down else (self.estimator,)
        return [network for model in models if (network := getattr(model, "network", None)) is not None]

    @property
    def frames_at_once(self) -> int:
        """Frames that are processed together; about as many more are decoded meanwhile.

        For a detector they are a multiple of `detect_every`, so that the first of each is one to detect people in.
        """
        if not self.top_down:
            return self.people_per_batch
        most = max(_HELD, self.frames_per_batch)
        return self.detect_every * max(1, min(self.frames_per_batch, most // self.detect_every))

    @property
    def precision(self) -> str:
        """Precision of the networks, the detector's first where they differ; `auto` is resolved for this machine."""
        return ", ".join(dict.fromkeys(network.used_precision for network in self._networks)) or FULL_PRECISION

    def fetch(self) -> None:
        """Fetch missing weights, so that a fault is reported before anything begins.

        Raises:
            DataError: some cannot be had.
        """
        for network in self._networks:
            network.fetch()

    @cached_property
    def identity(self) -> Mapping[str, Any]:
        """Everything that the key points depend on; batch sizes are not part of it."""
        names = ("estimator", "nms", "tracker", *(["detector"] if self.top_down else []))
        identity: dict[str, Any] = {name: dict(getattr(self, name).identity) for name in names}
        return identity | {"format": FORMAT} | ({"detect_every": self.detect_every} if self.top_down else {})

    @property
    def name(self) -> str:
        """The estimator's name or config, and a digest of the identity: the store's folder."""
        estimator = self.identity["estimator"]
        return f"{Path(estimator.get('name') or estimator['config']).stem}-{digest(self.identity)[:8]}"


def digest(identity: Mapping[str, Any]) -> str:
    """Return 32 hexadecimal digits that two identities share only if they are equal.

    Example:
        >>> digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
        True
    """
    return hashlib.blake2b(canonical(identity).encode(), digest_size=16).hexdigest()


def canonical(identity: Mapping[str, Any]) -> str:
    """Return the identity as text; equal identities have equal texts."""
    return json.dumps(identity, sort_keys=True, indent=2) + "\n"
