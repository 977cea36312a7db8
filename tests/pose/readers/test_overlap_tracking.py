"""People are followed where a file does not say who is who, and tracks are cut where nobody is seen."""

from __future__ import annotations

import numpy as np
import pytest

from pose.boxes import key_point_boxes, overlaps
from pose.readers.overlap_tracking import choose_tracks, cut_tracks, track_by_overlap
from tests.pose.readers.formats import Person, person


def film_of(people: list[Person], seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frames, boxes and who it really is, in any order within each frame."""
    draw = np.random.default_rng(seed)
    rows = []
    for frame in range(max(one.start + len(one.keypoints) for one in people)):
        seen = [(frame, at[0], number) for number, one in enumerate(people) if (at := one.at(frame)) is not None]
        rows += [seen[index] for index in draw.permutation(len(seen))]
    boxes = key_point_boxes(np.array([points for _, points, _ in rows], np.float32))
    return np.array([frame for frame, _, _ in rows]), boxes, np.array([number for _, _, number in rows])


def assert_same_people(ids: np.ndarray, truth: np.ndarray) -> None:
    pairs = set(zip(ids.tolist(), truth.tolist(), strict=True))
    assert len(pairs) == len(set(ids.tolist())) == len(set(truth.tolist()))


def test_overlap_is_intersection_over_union() -> None:
    first = np.array([[0, 0, 10, 10], [5, 5, 5, 5]], float)
    second = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10], [5, 5, 5, 5]], float)
    np.testing.assert_allclose(overlaps(first, second), [[1, 1 / 3, 0, 0], [0, 0, 0, 0]])


def test_two_people_who_cross_keep_their_numbers() -> None:
    people = [person(frames=60, x=200, speed=(7, 0)), person(frames=60, x=627, speed=(-7, 0), seed=1)]
    for seed in range(5):
        frames, boxes, truth = film_of(people, seed)
        assert_same_people(track_by_overlap(frames, boxes, 10, 0.3), truth)


def test_who_is_hidden_while_crossing_is_found_again() -> None:
    people = [person(frames=60, x=200, speed=(7, 0)), person(frames=60, x=627, speed=(-7, 0), seed=1)]
    frames, boxes, truth = film_of(people)
    seen = ~((truth == 1) & (frames > 26) & (frames < 34))
    assert_same_people(track_by_overlap(frames[seen], boxes[seen], 10, 0.3), truth[seen])


def test_people_who_come_and_go_get_numbers_of_their_own() -> None:
    people = [person(frames=30), person(frames=10, x=700), person(frames=10, x=700, start=25, seed=2)]
    frames, boxes, truth = film_of(people)
    assert_same_people(track_by_overlap(frames, boxes, 10, 0.3), truth)


@pytest.mark.parametrize(("gap", "people"), [(10, 1), (11, 2)])
def test_a_gap_may_be_so_long_and_no_longer(gap: int, people: int) -> None:
    frames, boxes, _ = film_of([person(frames=40)])
    seen = (frames < 15) | (frames >= 15 + gap)
    assert len(set(track_by_overlap(frames[seen], boxes[seen], 10, 0.3).tolist())) == people


def test_a_box_that_overlaps_too_little_is_somebody_else() -> None:
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10]], float)  # a third in common
    assert track_by_overlap(np.arange(2), boxes, 10, 0.33).tolist() == [0, 0]
    assert track_by_overlap(np.arange(2), boxes, 10, 0.34).tolist() == [0, 1]


def test_nobody_is_no_track() -> None:
    empty = np.empty(0, np.int64)
    assert len(track_by_overlap(empty, np.empty((0, 4)), 10, 0.3)) == 0
    assert cut_tracks(empty, empty, 10, 1) == ([], 0)


def test_tracks_are_cut_at_long_gaps_and_short_ones_left_out() -> None:
    frames = np.array([0, 0, 1, 2, 3, 5, 9, 10, 11])
    ids = np.array([7, 4, 7, 7, 4, 4, 7, 7, 4])
    tracks, left_out = cut_tracks(frames, ids, max_gap=2, min_frames=2)
    assert [frames[track].tolist() for track in tracks] == [[0, 1, 2], [0, 3, 5], [9, 10]]
    assert [set(ids[track].tolist()) for track in tracks] == [{7}, {4}, {7}]
    assert left_out == 1


def test_of_more_people_than_wanted_those_who_are_seen_longest_are_kept() -> None:
    spans = [(0, 50), (10, 30), (40, 100), (60, 80), (101, 120)]
    frames = np.concatenate([np.arange(*span) for span in spans])
    ends = np.cumsum([end - start for start, end in spans])
    tracks = np.split(np.arange(len(frames)), ends[:-1])

    def kept(max_people: int) -> list[int]:
        return [int(frames[track[0]]) for track in choose_tracks(tracks, frames, max_people)]

    assert kept(1) == [10, 40, 101]  # 0..50 would be in view together with 40..100
    assert kept(2) == [0, 10, 40, 60, 101]


@pytest.mark.parametrize("jump", [0, 20, 60, 300])
@pytest.mark.parametrize("gap", [0, 5, 15])
def test_a_film_of_one_person_is_followed_as_if_somebody_else_were_in_it(jump: int, gap: int) -> None:
    frames, boxes, _ = film_of([person(frames=40, speed=(4, 1))])
    frames[20:] += gap
    boxes[25:, [0, 2]] += jump
    alone = track_by_overlap(frames, boxes, 10, 0.3)
    other = np.array([[5_000, 0, 5_050, 50]], np.float32)
    both = track_by_overlap(np.r_[frames, frames[-1:]], np.r_[boxes, other], 10, 0.3)
    assert alone.tolist() == both[:-1].tolist()
    assert len(set(alone.tolist())) == 1 + (gap > 10) + (jump > 40)
