"""How many frames are alive at once, and that they are decoded beside the networks."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pose.extraction.components import PoseComponents
from pose.extraction.extract_video import extract_video
from pose.extraction.pipeline import find_people
from pose.extraction.store import KeypointStore
from pose.interfaces import Boxes, Image
from pose.video.footage import Footage, FootageInfo
from tests.pose.video.videos import SIZE, RectangleDetector, WholeEstimator, rectangles, simple_parts

COUNT = 300


class Watched(Footage):
    """Frames that are made one by one, and watched until they are gone."""

    def __init__(self) -> None:
        super().__init__(Path("watched"))
        self.most = 0  # that were alive at once
        self.made = 0
        self.changed = threading.Condition()
        self._alive: list[weakref.ref[Image]] = []
        self._picture = rectangles(1)[0]

    def info(self) -> FootageInfo:
        return FootageInfo(30, SIZE, COUNT)

    def declared(self) -> int:
        return COUNT

    def frames(self, start: int = 0) -> Iterator[Image]:
        for _ in range(start, COUNT):
            yield self._frame()

    def _frame(self) -> Image:
        image = self._picture.copy()
        self._alive = [*(known for known in self._alive if known() is not None), weakref.ref(image)]
        with self.changed:
            self.most = max(self.most, len(self._alive))
            self.made += 1
            self.changed.notify_all()
        return image


class Patient(RectangleDetector):
    """Is not done with a batch before so many frames are made."""

    def __init__(self, footage: Watched) -> None:
        super().__init__()
        self.footage, self.late = footage, 0
        self.wanted = [0]

    def detect(self, images: Sequence[Image]) -> list[Boxes]:
        wanted = self.wanted.pop(0) if self.wanted else 0
        with self.footage.changed:
            self.late += not self.footage.changed.wait_for(lambda: self.footage.made >= wanted, 5)
        return super().detect(images)


batches = pytest.mark.parametrize(
    ("every", "frames_per_batch", "at_once"),
    [(1, 8, 8), (1, 100, 100), (2, 100, 100), (4, 8, 32), (30, 8, 60), (100, 8, 100)],
)


@batches
def test_one_batch_is_held_while_frames_are_found(every: int, frames_per_batch: int, at_once: int) -> None:
    footage = Watched()
    parts = simple_parts(detect_every=every, frames_per_batch=frames_per_batch)
    assert parts.frames_at_once == at_once
    find_people(footage.frames(), 0, parts, lambda _: None)
    # Those behind the last detection wait for the next one, and one is being made.
    assert at_once <= footage.most <= at_once + every


def test_one_batch_of_whole_pictures_is_held() -> None:
    footage = Watched()
    find_people(footage.frames(), 0, simple_parts(detector=None, estimator=WholeEstimator()), lambda _: None)
    assert footage.most <= 7 + 1


@batches
def test_the_next_batch_is_decoded_while_one_is_worked_on(
    every: int, frames_per_batch: int, at_once: int, tmp_path: Path
) -> None:
    footage = Watched()
    detector = Patient(footage)
    parts = simple_parts(detector=detector, detect_every=every, frames_per_batch=frames_per_batch)
    detector.wanted = [min(COUNT, end + at_once) for end in range(at_once, COUNT, at_once)]
    extract(footage, parts, tmp_path)
    assert not detector.late
    # Two batches, those that wait for a detection, one on its way out of the thread and one being made in it.
    assert footage.most <= 2 * at_once + every + 2


def extract(footage: Footage, parts: PoseComponents, folder: Path) -> None:
    store = KeypointStore(folder, parts.identity, parts.name)
    assert extract_video(footage, "0", store, parts, lambda *_, **__: None).num_frames == COUNT
