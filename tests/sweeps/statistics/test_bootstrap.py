"""Bootstrap over recordings, learning speed, and shares of variance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.statistics.bootstrap import accuracy_difference, recall_difference
from sweeps.statistics.effects import explained
from sweeps.statistics.learning import mean_height, restricted_difference


def test_recordings_of_one_window_give_the_textbook_interval():
    draw = np.random.default_rng(0)
    gained = draw.choice([-1.0, 0.0, 1.0], 400, p=[0.1, 0.7, 0.2])
    interval = accuracy_difference(np.ones(400), gained, 4000)
    half = 1.96 * gained.std() / 20
    assert (interval.low, interval.high) == pytest.approx((gained.mean() - half, gained.mean() + half), abs=0.006)


def test_windows_of_one_recording_stay_together():
    """40 recordings of 10 windows that are right or wrong together are worth 40, not 400."""
    gained = np.tile([10.0, 0.0, 0.0, -10.0], 10)
    whole = accuracy_difference(np.full(40, 10.0), gained, 2000)
    apart = accuracy_difference(np.ones(400), np.repeat(gained / 10, 10), 2000)
    assert whole.high - whole.low > 2.5 * (apart.high - apart.low)


def test_the_same_data_gives_the_same_interval():
    windows = np.arange(3.0, 43.0)
    gained = np.sin(windows)
    assert accuracy_difference(windows, gained, 500) == accuracy_difference(windows, gained, 500)
    assert accuracy_difference(windows, gained, 500) != accuracy_difference(windows, gained, 500, seed=1)


def test_recalls_of_classes_that_every_recording_has():
    support = np.full((30, 3), 10.0)
    hits = np.tile([9.0, 7.0, 5.0], (30, 1))
    interval = recall_difference(support, hits, np.array([True, False, False]), 200)
    assert (interval.low, interval.high) == pytest.approx((0.3, 0.3))


def test_a_class_that_a_sample_lacks_is_left_out_of_it():
    support = np.array([[4.0, 0.0], [0.0, 4.0], [4.0, 4.0]])
    interval = recall_difference(support, support * [1.0, 0.5], np.array([True, False]), 500)
    assert (interval.low, interval.high) == pytest.approx((0.5, 0.5))


epochs = st.one_of(st.none(), st.integers(1, 30))


@given(epochs, epochs)
def test_censoring_shrinks_a_difference_and_never_turns_it(slow, fast):
    difference = restricted_difference(slow, fast, 20)
    assert restricted_difference(fast, slow, 20) == -difference
    assert abs(difference) <= 19
    if slow is not None and fast is not None:
        assert abs(difference) <= abs(slow - fast)
        assert difference * (slow - fast) >= 0
    if slow is None and fast is None:
        assert difference == 0


def test_the_height_of_a_curve_is_larger_for_the_one_that_rises_first():
    assert mean_height([0.5, 0.9, 0.9]) > mean_height([0.5, 0.5, 0.9])
    assert mean_height([0.25, 0.75]) == 0.5


GRID = [(a, b, s) for a in "xy" for b in "pq" for s in "012"]
A, B, SEED = (list(column) for column in zip(*GRID, strict=True))


def test_a_complete_grid_is_the_usual_analysis_of_variance():
    draw = np.random.default_rng(1)
    y = draw.normal(size=12) + np.array([3.0 * (a == "y") + (a == "y") * (b == "q") for a, b, _ in GRID])
    effects, rest = explained(y, {"a": A, "b": B}, {"seed": SEED})
    grid = y.reshape(2, 2, 3)
    total = ((y - y.mean()) ** 2).sum()
    by_a, by_b, by_seed = (grid.mean(axis=axes) - y.mean() for axes in ((1, 2), (0, 2), (0, 1)))
    both = grid.mean(axis=2) - y.mean() - by_a[:, None] - by_b[None, :]
    sums = {("a",): 6 * (by_a**2).sum(), ("b",): 6 * (by_b**2).sum(), ("a", "b"): 3 * (both**2).sum()}
    assert {effect.names: effect.share for effect in effects} == pytest.approx({k: v / total for k, v in sums.items()})
    assert [effect.degrees for effect in effects] == [1, 1, 1]
    assert rest == pytest.approx(1 - (sum(sums.values()) + 4 * (by_seed**2).sum()) / total)
    residual = rest * total / 6  # 12 runs - 1 - 1 - 1 - 1 - 2
    from scipy import stats

    assert effects[0].p == pytest.approx(stats.f.sf(sums["a",] / residual, 1, 6))


def test_a_missing_cell_gives_its_effect_to_nobody():
    """Additive effects without noise: shares stay those of additive effects, whatever is missing."""
    y = np.array([2.0 * (a == "y") + (b == "q") for a, b, _ in GRID])
    keep = [i for i in range(12) if i not in (0, 7)]
    effects, rest = explained(y[keep], {"a": [A[i] for i in keep], "b": [B[i] for i in keep]}, {})
    share = {effect.names: effect.share for effect in effects}
    assert share["a",] > share["b",] > 0
    assert share["a", "b"] == pytest.approx(0, abs=1e-12)
    assert rest == pytest.approx(0, abs=1e-12)


def test_one_run_a_cell_leaves_nothing_to_test_against():
    effects, _ = explained([1.0, 2.0, 4.0, 3.0], {"a": list("xxyy"), "b": list("pqpq")}, {})
    assert np.isnan([effect.p for effect in effects]).all()
