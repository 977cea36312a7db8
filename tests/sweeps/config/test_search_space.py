"""The space of a search: what may be typed, what is suggested from it, and the points by which it is checked."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import optuna
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from sweeps.config.search_settings import Settings
from sweeps.config.search_space import Choices, Numbers, Space
from sweeps.search.study import sampler_of

CONF = Path(__file__).parents[3] / "conf"


def space_of(*lines: str) -> Space:
    return Space.of(OverridesParser.create().parse_overrides(list(lines)))


def suggested(space: Space, seed: int, trials: int = 5) -> list[dict[str, Any]]:
    """What trials of a study get, as Hydra reads it."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed))
    points = []
    for _ in range(trials):
        trial = study.ask()
        lines = space.suggest(trial, lambda _: None)
        points.append({o.key_or_group: o.value() for o in OverridesParser.create().parse_overrides(lines)})
    return points


def between(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, allow_subnormal=False)


@settings(deadline=None, max_examples=60)
@given(ends=st.tuples(between(1e-8, 1e6), between(1e-8, 1e6)), log=st.booleans(), seed=st.integers(0, 99))
def test_a_number_from_an_interval_is_in_it_as_hydra_reads_it(ends: tuple[float, float], log: bool, seed: int):
    low, high = min(ends), max(ends)
    if math.isclose(low, high):
        return
    interval = f"interval({low!r},{high!r})"
    space = space_of(f"a.b=tag(log,{interval})" if log else f"a.b={interval}", "c=3")
    for point in suggested(space, seed):
        assert low <= point["a.b"] <= high
        assert isinstance(point["a.b"], float | int)
        assert point["c"] == 3
    for end in space.varied[0].ends:
        assert low <= float(end.partition("=")[2]) <= high


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(start=st.integers(-50, 50), count=st.integers(2, 20), step=st.integers(1, 7), down=st.booleans())
def test_a_range_gives_the_whole_numbers_that_hydra_gives(start: int, count: int, step: int, down: bool):
    step = -step if down else step
    line = f"a=range({start},{start + count * step},{step})"
    expected = {int(text) for text in OverridesParser.create().parse_override(line).sweep_string_iterator()}
    space = space_of(line)
    points = {point["a"] for point in suggested(space, 0, trials=20 * count)}
    assert points <= expected
    assert {int(end.removeprefix("a=")) for end in space.varied[0].ends} == {min(expected), max(expected)}


@settings(deadline=None, max_examples=40)
@given(start=st.integers(0, 50), count=st.integers(2, 12), step=st.sampled_from([0.1, 0.25, 0.05, 1.5]))
def test_a_range_of_fractions_gives_those_that_were_typed(start: int, count: int, step: float):
    line = f"a=range({start / 10},{start / 10 + (count - 0.5) * step:.6f},{step})"
    typed = [float(text) for text in OverridesParser.create().parse_override(line).sweep_string_iterator()]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Optuna's, that the range is no whole number of steps
        points = [point["a"] for point in suggested(space_of(line), 0, trials=40)]
    assert all(any(math.isclose(point, value, abs_tol=1e-9) for value in typed) for point in points)
    assert all(len(str(point)) <= 8 for point in points)  # 0.3, not 0.30000000000000004


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a=int(interval(1,64))", Numbers("a", 1, 64, whole=True)),
        ("a=tag(log,int(interval(1,64)))", Numbers("a", 1, 64, log=True, whole=True)),
        ("a=tag(log,interval(1e-5,1e-1))", Numbers("a", 1e-5, 0.1, log=True)),
        ("a=range(5,1,-2)", Numbers("a", 3, 5, 2, whole=True)),
        ("a=shuffle(range(3))", Numbers("a", 0, 2, 1, whole=True)),
        ("a=choice(x,'y z',[1,2],x)", Choices("a", ("x", r"y\ z", "[1,2]"))),
        ("a=1,2,3", Choices("a", ("1", "2", "3"))),
    ],
)
def test_what_is_typed_as_a_sweep_is_read(line: str, expected: Numbers | Choices):
    assert space_of(line).varied == [expected]


def test_one_value_does_not_vary_and_the_later_override_of_a_key_counts():
    space = space_of("a=choice(0.5)", "b=range(1,2)", "c=1,2", "d=1,2", "d=3")
    assert space.keys == ("a=0.5", "b=1", Choices("c", ("1", "2")), "d=3")


def test_choices_reach_a_job_as_they_were_typed():
    points = suggested(space_of("a=choice(x,'y z',[1,2])"), 0, trials=30)
    assert {str(point["a"]) for point in points} == {"x", "y z", "[1, 2]"}


def test_a_space_is_checked_at_its_corners_with_every_combination_of_groups():
    space = space_of("model=lstm,gru", "lr=interval(1,2)", "optimizer=adam,sgd", "seed=1", "n=1,2,3")
    corners = list(space.corners(lambda key: key in ("model", "optimizer")))
    assert len(corners) == 2 * 2 * (1 + 1 + 2)
    assert {(corner[0], corner[2]) for corner in corners} == {
        (f"model={model}", f"optimizer={optimizer}") for model in ("lstm", "gru") for optimizer in ("adam", "sgd")
    }
    for ends in (space.varied[1].ends, space.varied[3].ends):
        assert all(any(end in corner for corner in corners) for end in ends)
    assert all(corner[3] == "seed=1" for corner in corners)


def test_the_settings_have_the_defaults_of_their_file():
    written = OmegaConf.load(CONF / "hydra/sweeper/optuna.yaml")
    assert Settings.of(written) == Settings()
    assert {str(key) for key in written} - {"_target_", "params"} == set(vars(Settings()))


@pytest.mark.parametrize("sampler", ["tpe", "random", "gp"])
def test_every_sampler_suggests_the_same_for_the_same_trial_only(sampler: str):
    own = Settings(sampler=sampler, seed=3)
    first, again, later = (sampler_of(own, number, 0) for number in (4, 4, 5))
    space = optuna.distributions.FloatDistribution(0, 1)
    values = [s.sample_independent(study := optuna.create_study(), study.ask()._cached_frozen_trial, "a", space)
              for s in (first, again, later)]  # fmt: skip
    assert values[0] == values[1] != values[2]
