"""When a claim holds: the rule, how often it is wrong on nothing, and how often it finds three points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.statistics.paired import Interval, Paired, compare_paired
from sweeps.statistics.power import power
from sweeps.statistics.verdict import Verdict, judge

CLAIMED = Interval(3.15, 3.15)
SIMULATIONS = 2000
SD = 2.7  # points; the least that ten seeds on real people showed (docs/results.md) but for one split


def spanning(low: float, high: float) -> Paired:
    """Differences whose interval is low to high."""
    raw = compare_paired([-1.0, 1.0, 0.5, -0.5])
    scale = (high - low) / (raw.interval.high - raw.interval.low)
    return compare_paired(raw.differences * scale + (low + high) / 2)


@pytest.mark.parametrize(
    ("low", "high", "claimed", "verdict", "words"),
    [
        (1.0, 5.0, CLAIMED, Verdict.HOLDS, "the claimed size is in it"),
        (1.0, 2.0, CLAIMED, Verdict.HOLDS, "smaller than claimed"),
        (5.0, 9.0, CLAIMED, Verdict.HOLDS, "larger than claimed"),
        (1.0, 2.0, None, Verdict.HOLDS, "claim's side"),
        (-5.0, -1.0, CLAIMED, Verdict.FAILS, "other side"),
        (-1.0, 2.0, CLAIMED, Verdict.FAILS, "excludes the claimed size"),
        (-1.0, 4.0, CLAIMED, Verdict.UNKNOWN, "and the claimed size too"),
        (-1.0, 2.0, None, Verdict.UNKNOWN, "has 0 in it"),
        (10.5, 14.0, Interval(10, 12), Verdict.HOLDS, "the claimed size is in it"),
        (12.5, 14.0, Interval(10, 12), Verdict.HOLDS, "larger than claimed"),
        (-2.0, 9.0, Interval(10, 12), Verdict.FAILS, "excludes the claimed size"),
    ],
)
def test_the_rule(low, high, claimed, verdict, words):
    judgement = judge(spanning(low, high), claimed)
    assert judgement.verdict is verdict
    assert words in judgement.reason


@pytest.mark.parametrize("differences", [[3.0], [3.0, 3.0, 3.0], [0.0, 0.0], [0.1 + 0.2, 0.3]])
def test_without_a_spread_nothing_can_be_told(differences):
    assert judge(compare_paired(differences)).verdict is Verdict.UNKNOWN


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=12))
def test_a_claim_and_its_opposite_never_both_hold(differences):
    there, back = (judge(compare_paired(np.array(differences) * sign)).verdict for sign in (1, -1))
    assert (there is Verdict.HOLDS) == (back is Verdict.FAILS)
    assert not (there is Verdict.HOLDS and back is Verdict.HOLDS)


@pytest.mark.parametrize("pairs", [2, 3, 5, 10])
@pytest.mark.parametrize("claimed", [None, CLAIMED], ids=["direction", "size"])
def test_on_nothing_at_most_one_in_twenty_holds(pairs, claimed):
    draw = np.random.default_rng(20210)
    found = [judge(compare_paired(draw.normal(0, SD, pairs)), claimed).verdict for _ in range(SIMULATIONS)]
    assert found.count(Verdict.HOLDS) / SIMULATIONS <= 0.05


def test_accuracies_on_nothing_are_counts_and_still_at_most_one_in_twenty_holds():
    """Two optimizers with the same accuracy, 200 test windows, ten seeds that shift both alike."""
    draw = np.random.default_rng(7)
    level = np.clip(draw.normal(0.92, 0.02, (SIMULATIONS, 10)), 0, 1)
    differences = (draw.binomial(200, level) - draw.binomial(200, level)) / 2
    found = [judge(compare_paired(row)).verdict for row in differences]
    assert 0 < found.count(Verdict.HOLDS) / SIMULATIONS <= 0.05


def test_three_points_are_found_as_often_as_the_formula_says(capsys):
    draw = np.random.default_rng(3)
    found = {
        pairs: np.mean(
            [judge(compare_paired(draw.normal(3, SD, pairs))).verdict is Verdict.HOLDS for _ in range(SIMULATIONS)]
        )
        for pairs in (3, 5, 10)
    }
    for pairs, share in found.items():
        expected = power(3, SD, pairs)
        assert share == pytest.approx(expected, abs=4 * np.sqrt(0.25 / SIMULATIONS))
        with capsys.disabled():
            print(
                f"\n3 points, sd {SD}, {pairs} seeds: found in {share:.1%} of {SIMULATIONS}, formula {expected:.1%}",
                end="",
            )
