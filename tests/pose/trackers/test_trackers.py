"""People keep their numbers from frame to frame, whatever follows them."""

from __future__ import annotations

import numpy as np
import pytest

from pose.errors import DataError
from pose.extraction.components import TrackerOption
from pose.interfaces import Poses, Tracker
from pose.trackers.bytetrack import ByteTracking
from pose.trackers.oks import OksTracking
from pose.trackers.single_person import BestPerson
from tests.pose.people import poses, standing

FOLLOWING: list[TrackerOption] = [ByteTracking(), OksTracking()]
by_name = pytest.mark.parametrize("option", FOLLOWING, ids=lambda option: option.identity["name"])


def crossing(frame: int, order: np.ndarray) -> Poses:
    """Three people: two cross, one stands; given in another order in each frame."""
    walk = np.array([standing(100 + 8 * frame, 100, 180), standing(580 - 8 * frame, 130, 180), standing(900, 60, 150)])
    return poses((walk + np.random.default_rng(frame).normal(0, 1, walk.shape))[order])


def numbers(option: TrackerOption, frames: int = 60, seed: int = 0) -> list[list[int]]:
    """What number each of the three has in each frame."""
    draw, tracker, rows = np.random.default_rng(seed), option.start(30), []
    for frame in range(frames):
        order = draw.permutation(3)
        ids = tracker.follow(frame, crossing(frame, order))
        rows.append([int(ids[np.flatnonzero(order == person)[0]]) for person in range(3)])
    return rows


@by_name
def test_people_who_cross_keep_their_numbers(option: TrackerOption) -> None:
    assert {tuple(row) for row in numbers(option)} == {tuple(numbers(option)[0])}
    assert len(set(numbers(option)[0])) == 3


@by_name
def test_the_same_frames_give_the_same_numbers(option: TrackerOption) -> None:
    assert numbers(option, 20, 3) == numbers(option, 20, 3)


@by_name
def test_each_video_begins_anew(option: TrackerOption) -> None:
    first, second = option.start(30), option.start(30)
    there, elsewhere = poses(standing(50, 50, 100)[None]), poses(standing(800, 50, 100)[None])
    assert first.follow(0, there).tolist() == second.follow(0, elsewhere).tolist() == [0]


def follow_with_gap(tracker: Tracker, gap: int) -> tuple[int, int]:
    """Numbers of one person before and after so many frames without anybody."""
    somebody, nobody = poses(standing(200, 80, 150)[None]), poses(np.empty((0, 17, 2)))
    before = [tracker.follow(frame, somebody)[0] for frame in range(5)]
    for frame in range(5, 5 + gap):
        assert tracker.follow(frame, nobody).tolist() == []
    return int(before[-1]), int(tracker.follow(5 + gap, somebody)[0])


@pytest.mark.parametrize("fps", [10, 30])
@pytest.mark.parametrize("option", [ByteTracking(max_gap=0.5), OksTracking(max_gap=0.5)], ids=["bytetrack", "oks"])
def test_a_person_may_be_unseen_for_so_many_seconds(option: TrackerOption, fps: int) -> None:
    gap = fps // 2
    before, after = follow_with_gap(option.start(fps), gap)
    assert before == after
    before, after = follow_with_gap(option.start(fps), gap + 1)
    assert before != after


@by_name
def test_somebody_elsewhere_is_somebody_else(option: TrackerOption) -> None:
    tracker = option.start(30)
    ids = [tracker.follow(frame, poses(standing(200, 80, 150)[None]))[0] for frame in range(5)]
    other = tracker.follow(5, poses(standing(700, 80, 150)[None]))[0]
    assert len(set(ids)) == 1
    assert other not in ids


def test_bytetrack_follows_a_box_of_low_score_and_begins_nobody_with_it() -> None:
    tracker = ByteTracking().start(30)
    person, ghost = standing(200, 80, 150), standing(700, 80, 150)
    for frame in range(5):
        assert tracker.follow(frame, poses([person, ghost], 0.9, [0.9, 0.3])).tolist() == [0, -1]
    assert tracker.follow(5, poses([ghost, person], 0.9, [0.3, 0.2])).tolist() == [-1, 0]
    assert tracker.follow(6, poses([person], 0.9, 0.05)).tolist() == [-1]


def test_bytetrack_numbers_of_boxes_that_are_the_same_differ() -> None:
    person = standing(200, 80, 150)
    assert sorted(ByteTracking().start(30).follow(0, poses([person, person])).tolist()) == [0, 1]


def test_bytetrack_keeps_no_more_than_it_reads() -> None:
    tracker = ByteTracking().start(30)
    for frame in range(50):
        assert tracker.follow(frame, poses(standing(200, 80, 150)[None])).tolist() == [0]
    assert len(tracker._tracker.tracks[0].bboxes) == ByteTracking().confirm


def test_oks_follows_by_the_joints_that_both_frames_have() -> None:
    tracker = OksTracking().start(30)
    whole = np.array([standing(200, 80, 150), standing(280, 80, 150)])
    upper = whole.copy()
    upper[:, 11:] = np.nan
    assert tracker.follow(0, poses(whole)).tolist() == [0, 1]
    assert tracker.follow(1, poses(upper[::-1])).tolist() == [1, 0]
    assert tracker.follow(2, poses(whole)).tolist() == [0, 1]


def test_oks_tells_people_in_one_box_apart_by_how_they_stand() -> None:
    """Same box, other arms: boxes alone could not tell."""
    arms = standing(200, 80, 150)
    arms[[7, 9], 1] -= 60
    arms[[8, 10], 1] -= 60
    tracker = OksTracking().start(30)
    assert tracker.follow(0, poses([standing(200, 80, 150), arms])).tolist() == [0, 1]
    assert tracker.follow(1, poses([arms, standing(200, 80, 150)])).tolist() == [1, 0]


def test_none_takes_the_best_person_of_each_frame() -> None:
    near, far = standing(300, 50, 300), standing(800, 100, 60)
    found = poses([near, far], 0.9, [0.6, 0.9])
    assert BestPerson().start(30).follow(0, found).tolist() == [-1, 0]
    assert BestPerson(by="area").start(30).follow(0, found).tolist() == [0, -1]
    assert BestPerson().start(30).follow(1, poses(np.empty((0, 17, 2)))).tolist() == []


def test_settings_that_cannot_be_are_refused() -> None:
    for make, advice in (
        (lambda: BestPerson(by="size"), "use score or area"),
        (lambda: OksTracking(min_similarity=0), "above 0"),
        (lambda: ByteTracking(low_score=0.9), "below high_score"),
    ):
        with pytest.raises(DataError, match=advice):
            make()
    found = poses(standing(0, 0, 50)[None])
    with pytest.raises(DataError, match=r"set `tracker\.skeleton`"):
        OksTracking().start(30).follow(0, Poses(found.keypoints[:, :16], found.scores[:, :16], found.boxes))


def test_bytetrack_begins_whatever_was_trained_in_this_process_before() -> None:
    from mmengine.registry import DefaultScope

    with DefaultScope.overwrite_default_scope("mmpose"):
        ByteTracking().start(30)
