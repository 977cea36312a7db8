"""Frames go through detector, estimator and tracker; batches and detections in every n-th frame change nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pose.errors import DataError
from pose.extraction.components import PoseComponents
from pose.extraction.detections import Detections
from pose.extraction.interpolate_boxes import interpolate_boxes
from pose.extraction.pipeline import find_people
from pose.extraction.prefetch import prefetch
from pose.interfaces import Boxes, Image
from pose.nms import NoNms
from tests.pose.video.videos import CornerEstimator, RectangleDetector, WholeEstimator, rectangles, simple_parts


def find(parts: PoseComponents, count: int = 30) -> Detections:
    seen: list[int] = []
    people, frames = find_people(iter(rectangles(count)), 100, parts, seen.append)
    assert frames == sum(seen) == count
    return people


def test_everybody_in_every_frame_is_found() -> None:
    people = find(simple_parts())
    assert people.frames.tolist() == [*range(100, 105), *(number for number in range(105, 130) for _ in range(2))]
    assert people.keypoints.shape == (55, 17, 2)
    first = people.in_frame(slice(0, 1))
    left = abs(0 - 32) + 4
    assert np.allclose(first.boxes.xyxy, [[left, 4, left + 10, 16]])
    assert np.allclose(first.keypoints[0, [0, 16]], [[left, 4], [left + 10, 16]])


def test_people_of_several_frames_share_a_batch() -> None:
    estimator = CornerEstimator()
    find(simple_parts(estimator=estimator))
    assert estimator.batches == [7] * 7 + [6]


class DetectedFrames(RectangleDetector):
    """Keeps how the frames looked that people were detected in."""

    def __init__(self) -> None:
        super().__init__()
        self.looks: list[bytes] = []

    def detect(self, images: Sequence[Image]) -> list[Boxes]:
        self.looks += [image.tobytes() for image in images]
        return super().detect(images)


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 70),
    every=st.integers(1, 9),
    frames_per_batch=st.integers(1, 20),
    people_per_batch=st.integers(1, 200),
)
@example(count=30, every=1, frames_per_batch=1, people_per_batch=500)
@example(count=33, every=4, frames_per_batch=1, people_per_batch=1)
@example(count=33, every=2, frames_per_batch=1, people_per_batch=500)
def test_how_many_are_computed_at_once_changes_nothing(
    count: int, every: int, frames_per_batch: int, people_per_batch: int
) -> None:
    detector = DetectedFrames()
    changed = {"frames_per_batch": frames_per_batch, "people_per_batch": people_per_batch}
    known = find(simple_parts(detect_every=every), count)
    other = find(simple_parts(detect_every=every, detector=detector, **changed), count)
    for name in ("frames", "keypoints", "scores", "boxes", "box_scores"):
        assert np.array_equal(getattr(known, name), getattr(other, name))
    frames = rectangles(count)
    assert detector.looks == [frames[i].tobytes() for i in sorted({*range(0, count, every), count - 1})]


def test_an_estimator_of_whole_pictures_needs_no_detector() -> None:
    parts = simple_parts(detector=None, estimator=WholeEstimator())
    known, other = find(simple_parts()), find(parts)
    assert np.array_equal(known.keypoints, other.keypoints)
    assert "detector" not in parts.identity


def test_who_moves_evenly_is_found_between_two_detections() -> None:
    detector = RectangleDetector()
    known, other = find(simple_parts()), find(simple_parts(detector=detector, detect_every=4))
    # At the turning points the rectangle does not move evenly; the second person appears between two detections.
    error = np.abs(known.boxes[:5] - other.boxes[:5]).max()
    assert error < 0.01
    assert detector.seen == 8 + 1  # every fourth of 30, and the last


def test_boxes_between_go_half_and_half_to_who_is_there_once_only() -> None:
    first = Boxes(np.array([[0, 0, 10, 10], [50, 0, 60, 10]], np.float32), np.array([0.8, 0.5], np.float32))
    last = Boxes(np.array([[4, 0, 14, 10], [50, 50, 60, 60]], np.float32), np.array([0.4, 0.6], np.float32))
    between = interpolate_boxes(first, last, 4)
    assert [len(boxes) for boxes in between] == [2, 2, 2]
    assert np.allclose(between[0].xyxy, [[1, 0, 11, 10], [50, 0, 60, 10]])
    assert np.allclose(between[0].scores, [0.7, 0.5])
    assert np.allclose(between[2].xyxy, [[3, 0, 13, 10], [50, 50, 60, 60]])


def test_nobody_in_any_frame_is_no_mistake() -> None:
    black = [np.zeros((48, 64, 3), np.uint8)] * 3
    people, frames = find_people(iter(black), 0, simple_parts(), lambda _: None)
    assert (len(people), frames, people.keypoints.shape) == (0, 3, (0, 17, 2))


def test_pictures_of_several_sizes_are_not_put_into_one_batch() -> None:
    sizes = []

    class Sizes(RectangleDetector):
        def detect(self, images: list[np.ndarray]) -> list[Boxes]:
            sizes.append({image.shape for image in images})
            return super().detect(images)

    small = [image[:40] for image in rectangles(3)]
    find_people(iter([*small, *rectangles(3)]), 0, simple_parts(detector=Sizes()), lambda _: None)
    assert [len(shapes) for shapes in sizes] == [1, 1]


@pytest.mark.parametrize("name", ["detect_every", "people_per_batch", "frames_per_batch"])
def test_a_number_below_one_is_refused(name: str) -> None:
    with pytest.raises(DataError, match=f"{name} is 0"):
        simple_parts(**{name: 0})


def test_a_top_down_estimator_needs_a_detector() -> None:
    with pytest.raises(DataError, match="choose a `detector`"):
        simple_parts(detector=None)


@pytest.mark.parametrize(
    ("skeleton", "changed", "says"),
    [
        ("halpe26", {}, r"finds halpe26 and `PoseComponents\.nms` is for coco17: set `nms\.skeleton`=halpe26"),
        (
            "halpe26",
            {"nms": NoNms()},
            r"finds halpe26 and `PoseComponents\.tracker` is for coco17: set `tracker\.skeleton`=",
        ),
        ("custom-5", {}, "no OKS sigma is known for joint_0: type `nms`=none"),
        ("custom-5", {"nms": NoNms()}, "no OKS sigma is known for joint_0: type `tracker`=bytetrack"),
    ],
)
def test_parts_for_other_joints_are_refused_before_anything_is_found(
    skeleton: str, changed: dict[str, object], says: str
) -> None:
    with pytest.raises(DataError, match=says):
        simple_parts(estimator=CornerEstimator(skeleton), **changed)


def test_an_error_of_the_one_who_decodes_comes_out_where_frames_are_taken() -> None:
    def broken():
        yield 1
        raise ValueError("broken")

    taken = []
    with pytest.raises(ValueError, match="broken"), prefetch(broken(), 4) as items:
        taken += items
    assert taken == [1]
    with prefetch(broken(), 4) as items:
        assert next(items) == 1


def test_a_reader_that_stops_early_is_let_go() -> None:
    ended = []

    def endless():
        try:
            while True:
                yield 0
        finally:
            ended.append(True)

    with prefetch(endless(), 2) as items:
        next(items)
    del items
    import gc

    gc.collect()
    assert ended
