"""Intervals and tests of paired differences, against scipy, brute force and numbers worked out by hand."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sweeps.statistics.multiple import holm
from sweeps.statistics.paired import compare_paired, hedges_correction, mean_interval, sign_flip_test, t_test
from sweeps.statistics.power import pairs_for_power, power

DIFFERENCES = np.array([0.021, 0.034, -0.004, 0.048, 0.012, 0.027])
number = st.floats(-1, 1, allow_nan=False).map(lambda x: round(x, 4))
some = st.lists(number, min_size=2, max_size=9)


def brute_force(data: list[float]) -> float:
    sums = [
        abs(sum(s * d for s, d in zip(signs, data, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(data))
    ]
    return sum(s >= abs(sum(data)) - 1e-9 * sum(map(abs, data)) for s in sums) / len(sums)


def test_the_interval_is_that_of_scipy():
    low, high = stats.ttest_1samp(DIFFERENCES, 0).confidence_interval(0.95)
    interval = mean_interval(DIFFERENCES)
    assert (interval.low, interval.high) == pytest.approx((low, high))
    assert t_test(DIFFERENCES) == pytest.approx(stats.ttest_1samp(DIFFERENCES, 0).pvalue)


@given(some)
def test_sign_flips_are_those_of_brute_force(data: list[float]):
    assert sign_flip_test(data) == pytest.approx(brute_force(data))


def test_sign_flips_are_those_of_scipy():
    zeros = np.zeros_like(DIFFERENCES)
    reference = stats.permutation_test(
        (DIFFERENCES, zeros), lambda a, b, axis: (a - b).mean(axis=axis), permutation_type="samples", n_resamples=np.inf
    )
    assert sign_flip_test(DIFFERENCES) == pytest.approx(reference.pvalue)


def test_many_pairs_are_drawn_near_the_exact_value():
    draw = np.random.default_rng(3)
    data = draw.normal(0.1, 0.3, 20)
    exact = sign_flip_test(data)
    assert 0.02 < exact < 0.98
    drawn = sign_flip_test(np.append(data, 0.0))  # a difference of 0 changes nothing, but the way it is counted
    assert drawn == pytest.approx(exact, abs=0.005)
    assert sign_flip_test(np.ones(30)) == 1 / 100_001


@given(some, st.permutations(range(9)))
def test_neither_order_nor_direction_nor_unit_changes_p(data: list[float], order: list[int]):
    mixed = [data[i] for i in order if i < len(data)]
    for test in (sign_flip_test, t_test):
        expected = pytest.approx(test(data), nan_ok=True, rel=1e-6, abs=1e-9)
        assert test(mixed) == expected
        assert test([-x for x in data]) == expected
        assert test([100 * x for x in data]) == expected


def test_nadeau_and_bengio_by_hand():
    # mean 3, variance 2.5, n 5, n_test/n_train 1/4: t = 3 / sqrt((1/5 + 1/4) * 2.5) = 3 / sqrt(1.125) = 2.828427
    # two-sided p of t with 4 degrees of freedom in closed form: 1 - (x + x (1 - x^2) / 2), x = t / sqrt(4 + t^2)
    x = math.sqrt(8) / math.sqrt(12)
    by_hand = 1 - (x + x * (1 - x * x) / 2)
    assert t_test([1, 2, 3, 4, 5], test_ratio=0.25) == pytest.approx(by_hand)
    assert by_hand == pytest.approx(0.04742, abs=1e-5)


@given(some, st.floats(0.01, 2))
def test_the_correction_never_makes_p_smaller(data: list[float], ratio: float):
    plain = t_test(data)
    assert math.isnan(plain) or t_test(data, ratio) >= plain


def test_effect_sizes_by_hand():
    result = compare_paired([1.0, 2.0, 3.0, 4.0, 5.0])
    assert result.d_z == pytest.approx(3 / math.sqrt(2.5))
    # exact for 4 degrees of freedom: gamma(2) / (sqrt(2) gamma(1.5)) = 0.797885, near 1 - 3 / (4 * 4 - 1) = 0.8
    assert hedges_correction(4) == pytest.approx(math.sqrt(2 / math.pi))
    assert result.g_z == pytest.approx(result.d_z * hedges_correction(4))


def test_one_pair_says_its_difference_and_nothing_else():
    result = compare_paired([0.03], test_ratio=0.25)
    assert (result.n, result.mean) == (1, 0.03)
    silent = (
        result.sd,
        result.interval.low,
        result.p_t,
        result.p_sign_flip,
        result.p_corrected,
        result.d_z,
        result.g_z,
    )
    assert all(math.isnan(value) for value in silent)


def test_holm_on_the_known_example():
    # R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") = 0.03 0.06 0.06 0.02
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.01, math.nan, 0.04]).tolist() == pytest.approx([0.02, math.nan, 0.04], nan_ok=True)
    assert holm([]).tolist() == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_the_value_and_bonferroni_and_keeps_the_order(p: list[float]):
    adjusted = holm(p)
    assert all(given <= new <= min(1, given * len(p)) for given, new in zip(p, adjusted, strict=True))
    order = np.argsort(p, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()


@settings(deadline=None, max_examples=30)
@given(st.floats(0.5, 3), st.floats(0.5, 3))
def test_the_number_of_pairs_is_the_least_that_has_the_power(effect: float, sd: float):
    pairs = pairs_for_power(effect, sd)
    assert pairs is not None
    assert power(effect, sd, pairs) >= 0.8
    assert pairs == 2 or power(effect, sd, pairs - 1) < 0.8


def test_power_of_a_known_case():
    # G*Power 3.1, matched pairs, two tails, d_z 0.5, alpha 0.05: 34 pairs have the power 0.8078
    assert pairs_for_power(0.5, 1.0) == 34
    assert power(0.5, 1.0, 34) == pytest.approx(0.8078, abs=1e-3)
    assert math.isnan(power(3, 0.0, 10))
    assert math.isnan(power(3, 1.0, 1))
    assert pairs_for_power(0.001, 10.0) is None
