"""What a sweep is made without."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeps.config.impossible_jobs import drop_impossible
from sweeps.errors import ConfigError

GRID = [[f"split={split}", f"seed={seed}", "lr=0.1"] for split in ("window", "subject", "camera") for seed in (0, 1)]


def reasons_for(*lines: str) -> list[str | None]:
    return [f"no {found[0]}" if (found := [line for line in job if line in lines]) else None for job in GRID]


def test_nothing_is_left_out_where_everything_is_possible() -> None:
    assert drop_impossible(GRID, [None] * 6) == ([], [])


def test_a_value_is_left_out_with_all_its_jobs() -> None:
    overrides, told = drop_impossible(GRID, reasons_for("split=subject"))
    assert told == ["split=subject: no split=subject"]
    assert overrides == ["split=window,camera"]


def test_one_value_that_remains_is_no_sweep() -> None:
    assert drop_impossible(GRID, reasons_for("split=subject", "split=camera"))[0][0] == "split=window"


def test_values_of_two_keys_are_left_out() -> None:
    overrides, told = drop_impossible(GRID, reasons_for("split=subject", "seed=1"))
    assert overrides[:2] == ["split=window,camera", "seed=0"] or overrides[:2] == ["seed=0", "split=window,camera"]
    assert len(told) == 2


def test_where_nothing_can_be_run_the_first_reason_is_told() -> None:
    with pytest.raises(ConfigError, match=r"^reason 0$"):
        drop_impossible(GRID, [f"reason {number}" for number in range(6)])


def test_a_job_that_has_no_value_to_itself_cannot_be_left_out() -> None:
    with pytest.raises(ConfigError, match=r"^only this one$"):
        drop_impossible(GRID, ["only this one", None, None, None, None, None])


@given(reason=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_the_reason_is_said_as_it_was(reason: str) -> None:
    reasons = [reason if "split=camera" in job else None for job in GRID]
    assert drop_impossible(GRID, reasons)[1] == [f"split=camera: {reason}"]


@given(st.sets(st.sampled_from(["split=window", "split=subject", "split=camera", "seed=0", "seed=1"])))
def test_what_remains_is_exactly_what_is_possible(impossible: set[str]) -> None:
    reasons = reasons_for(*impossible)
    possible = {tuple(job) for job, reason in zip(GRID, reasons, strict=True) if reason is None}
    if not possible:
        with pytest.raises(ConfigError):
            drop_impossible(GRID, reasons)
        return
    values = {line.partition("=")[0]: [] for line in GRID[0]}
    for line in [line for job in GRID for line in job]:
        values[line.partition("=")[0]].append(line)
    for override in drop_impossible(GRID, reasons)[0]:
        key, _, rest = override.partition("=")
        values[key] = [f"{key}={value}" for value in rest.split(",")]
    remaining = set(product(*(dict.fromkeys(values[key]) for key in ("split", "seed", "lr"))))
    assert remaining == possible
