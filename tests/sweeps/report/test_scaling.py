"""Growing data: what a power law of known numbers looks like in the report."""

import math

import numpy as np
import pytest

from sweeps.statistics.scaling import growth

SIZES = (100, 1000, 10000)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_an_exact_power_law_gives_its_exponent(exponent):
    found = growth(SIZES, [3 * size**exponent for size in SIZES], 0.95)
    assert found.exponent == pytest.approx(exponent, abs=1e-9)
    assert found.interval.low == pytest.approx(exponent, abs=1e-6)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    draw, hits = np.random.default_rng(0), 0
    for _ in range(400):
        sizes = np.repeat(SIZES, 3)
        costs = sizes**1.5 * np.exp(draw.normal(0, 0.3, len(sizes)))
        interval = growth(sizes, costs, 0.95).interval
        hits += interval.low <= 1.5 <= interval.high
    assert 0.92 <= hits / 400 <= 0.98


def test_too_little_gives_no_interval():
    assert math.isnan(growth([5, 5], [1, 2], 0.95).exponent)
    two = growth([1, 10], [1, 10], 0.95)
    assert two.exponent == pytest.approx(1)
    assert math.isnan(two.interval.low)


@pytest.fixture(scope="module")
def scaling(make_sweep):
    sweep = make_sweep("made-scaling")
    for model, exponent in {"lstm": 1.0, "svm": 2.0}.items():
        for fraction, size in zip(("0.01", "0.1", "1.0"), SIZES, strict=True):
            for seed in range(2):
                metrics = {"fit_seconds": 1e-4 * size**exponent * (1 + seed / 10), "predict_windows_per_s": 5000.0}
                typed = [f"model={model}", f"datamodule.train_fraction={fraction}", f"seed={seed}"]
                sweep.job(typed, 0.5 + 0.1 * seed, metrics=metrics, tags={"data.windows_train": str(size)})
    return sweep


@pytest.mark.slow
def test_the_report_shows_how_times_grow(scaling, type_report, outputs):
    ended = type_report("sweep=made-scaling resamples=200")
    assert (ended.status, ended.err) == (0, "")
    folder = outputs / "reports/made-scaling"
    text = (folder / "report.md").read_text()
    assert "## Growing data" in text
    [lstm] = [line for line in text.splitlines() if line.startswith("| lstm | 100 to 10,000 |")]
    [svm] = [line for line in text.splitlines() if line.startswith("| svm | 100 to 10,000 |")]
    assert [cell.strip() for cell in lstm.split("|")[3:7]] == ["0.011", "1.050", "1.000", "1.00"]
    assert [cell.strip() for cell in svm.split("|")[3:7]] == ["1.050", "10500.000", "10000.000", "2.00"]
    assert (folder / "scaling.png").stat().st_size > 10_000


def test_a_sweep_of_something_else_has_no_such_section(type_report, outputs, make_sweep):
    sweep = make_sweep("made-no-scaling")
    for seed in range(2):
        sweep.job([f"seed={seed}"], 0.5)
    assert type_report("sweep=made-no-scaling resamples=200").status == 0
    assert "Growing data" not in (outputs / "reports/made-no-scaling/report.md").read_text()
