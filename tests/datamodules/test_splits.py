"""Groups and windows are drawn as near to the fractions as can be, and never the same group on two sides."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.splits import check_classes, keep_windows, split_groups, split_windows
from pose.errors import DataError

fractions = st.sampled_from([0.1, 0.15, 0.2, 0.3, 0.5])
seeds = st.integers(0, 2**16)


@st.composite
def items(draw: st.DrawFn, max_groups: int = 8) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Group, class and frames of some clips, in which every group holds some."""
    groups, classes = draw(st.integers(2, max_groups)), draw(st.integers(1, 3))
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, groups - 1), st.integers(0, classes - 1), st.integers(1, 50)),
            min_size=groups,
            max_size=24,
        )
    )
    names = [f"g{group}" for group, _, _ in rows]
    return names, np.array([label for _, label, _ in rows]), np.array([size for _, _, size in rows])


def count_frames(names: list[str], labels: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Frames of each class in each group."""
    groups, classes = sorted(set(names)), sorted(set(labels.tolist()))
    counts = np.zeros((len(groups), len(classes)))
    for name, label, size in zip(names, labels, sizes, strict=True):
        counts[groups.index(name), classes.index(label)] += size
    return counts


def frames_drawn(drawn: np.ndarray, labels: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    return np.array([sizes[drawn & (labels == label)].sum() for label in np.unique(labels)])


@settings(deadline=None)
@given(items(), fractions, seeds)
def test_a_group_is_drawn_whole_or_not_at_all(
    data: tuple[list[str], np.ndarray, np.ndarray], fraction: float, seed: int
) -> None:
    names, labels, sizes = data
    drawn = split_groups(names, labels, sizes, fraction, seed)
    assert drawn.dtype == bool
    for group in set(names):
        assert len({bool(d) for d, name in zip(drawn, names, strict=True) if name == group}) == 1
    np.testing.assert_array_equal(drawn, split_groups(names, labels, sizes, fraction, seed))


@settings(deadline=None)
@given(items(), fractions, seeds)
def test_class_fractions_are_within_one_group_of_the_best_possible(
    data: tuple[list[str], np.ndarray, np.ndarray], fraction: float, seed: int
) -> None:
    names, labels, sizes = data
    counts = count_frames(*data)
    total = counts.sum(axis=0)
    sums = np.array([np.array(chosen) @ counts for chosen in product((0, 1), repeat=len(counts))])
    one_sided = ((sums == 0) | (sums == total)).sum(axis=1)
    feasible = sums[one_sided == one_sided.min()]
    ours = frames_drawn(split_groups(names, labels, sizes, fraction, seed), labels, sizes)
    assert ((ours == 0) | (ours == total)).sum() <= one_sided.min() + (len(total) > 1)
    best = (np.abs(feasible - fraction * total) / total).max(axis=1).min()
    allowed = best * total + counts.max(axis=0)
    assert (np.abs(ours - fraction * total) <= allowed + 1e-9).all()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 40)), min_size=6, max_size=30), fractions, seeds)
def test_where_a_group_has_one_class_each_class_is_within_one_group_of_its_fraction(
    rows: list[tuple[int, int]], fraction: float, seed: int
) -> None:
    labels, sizes = np.array([label for label, _ in rows]), np.array([size for _, size in rows])
    drawn = split_groups([f"g{i:02}" for i in range(len(rows))], labels, sizes, fraction, seed)
    for label in np.unique(labels):
        mine = labels == label
        assert abs(sizes[drawn & mine].sum() - fraction * sizes[mine].sum()) <= sizes[mine].max()
        if mine.sum() > 1:
            assert set(drawn[mine].tolist()) == {False, True}
        else:
            assert not drawn[mine].any()


def test_many_groups_are_shared_out_to_the_percent() -> None:
    rng = np.random.default_rng(0)
    labels, sizes = np.repeat(rng.integers(0, 6, 1000), 3), rng.integers(20, 60, 3000)
    drawn = split_groups([f"r{i // 3}" for i in range(3000)], labels, sizes, 0.2, 1)  # recordings of three cameras
    for label in range(6):
        assert sizes[drawn & (labels == label)].sum() / sizes[labels == label].sum() == pytest.approx(0.2, abs=0.01)


def test_other_seeds_draw_other_groups() -> None:
    groups, labels, sizes = [f"P{i // 6}" for i in range(60)], np.tile(np.arange(6), 10), np.full(60, 40)
    draws = {split_groups(groups, labels, sizes, 0.2, seed).tobytes() for seed in range(20)}
    assert len(draws) >= 12  # of 45 pairs of people


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=80), st.floats(0.05, 0.95), seeds)
def test_windows_of_each_class_are_drawn_to_the_nearest_window(classes: list[int], fraction: float, seed: int) -> None:
    labels = np.array(classes)
    drawn = split_windows(labels, fraction, seed)
    for label in np.unique(labels):
        members = int((labels == label).sum())
        count = int(drawn[labels == label].sum())
        if members > 1:
            assert 1 <= count < members
        if 1 <= fraction * members <= members - 1 or members == 1:
            assert abs(count - fraction * members) <= 0.5 + 1e-9


def test_other_seeds_draw_other_windows_and_the_same_seed_the_same() -> None:
    labels = np.arange(200) % 3
    assert len({split_windows(labels, 0.2, seed).tobytes() for seed in range(10)}) == 10
    np.testing.assert_array_equal(split_windows(labels, 0.2, 4), split_windows(labels, 0.2, 4))


@pytest.mark.parametrize(("side", "where"), [(False, "test"), (True, "training")])
def test_a_class_on_one_side_only_is_named(side: bool, where: str) -> None:
    drawn, labels = np.array([True, False, side, side]), np.array([0, 0, 1, 1])
    with pytest.raises(DataError, match=f"class 'fall' has too few subjects.*none is left for the {where} part"):
        check_classes(drawn, labels, ["walk", "fall"], "subject")
    check_classes(np.array([True, False, True, False]), labels, ["walk", "fall"], "subject")


@settings(deadline=None)
@given(
    labels=st.lists(st.integers(0, 4), min_size=1, max_size=300),
    shares=st.tuples(st.floats(0.001, 1), st.floats(0.001, 1)).map(sorted),
    seed=seeds,
)
def test_a_smaller_share_of_the_training_windows_is_part_of_a_larger(
    labels: list[int], shares: list[float], seed: int
) -> None:
    classes = np.array(labels)
    less, more = (keep_windows(classes, share, seed) for share in shares)
    assert not (less & ~more).any()
    assert keep_windows(classes, 1, seed).all()
    for label in set(labels):
        count = int((classes == label).sum())
        assert less[classes == label].sum() == max(1, round(shares[0] * count))


def test_other_seeds_keep_other_windows() -> None:
    labels = np.zeros(100, int)
    assert (keep_windows(labels, 0.3, 0) != keep_windows(labels, 0.3, 1)).any()
