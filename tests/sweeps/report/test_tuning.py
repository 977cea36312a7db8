"""Each option at its best: chosen by validation, over all seeds, before anything is compared."""

import math

import numpy as np
import pytest

from sweeps.report.sweep_data import FinishedJob, Sweep
from sweeps.report.tuning import tune

GRID = {"rmsprop": {"1e-4": 0.9, "1e-3": 0.5, "1e-2": 0.7}, "adam": {"1e-4": 0.4, "1e-3": 0.6, "1e-2": 0.8}}


def make_job(optimizer: str, lr: str, seed: int, loss: float, monitor: str = "val/loss") -> FinishedJob:
    typed = {"optimizer": optimizer, "optimizer.lr": lr, "seed": str(seed)}
    curves = {monitor: np.array([loss + 1, loss + seed / 100, loss + 0.5])}
    params = {"selection.monitor": monitor, "selection.mode": "min", "sweep.tuned": '["optimizer.lr"]'}
    return FinishedJob(f"{optimizer}{lr}{seed}", typed, params, {}, {"test/accuracy": loss}, curves)


def make_sweep_of(jobs: list[FinishedJob]) -> Sweep:
    keys = ("optimizer", "optimizer.lr", "seed")
    levels = {key: list(dict.fromkeys(job.typed[key] for job in jobs)) for key in keys}
    return Sweep("fair", "parent", jobs, [], 0, True, 0, levels)


@pytest.fixture
def jobs():
    return [
        make_job(optimizer, lr, seed, loss)
        for optimizer, losses in GRID.items()
        for lr, loss in losses.items()
        for seed in (0, 1)
    ]


def test_each_optimizer_is_compared_at_the_learning_rate_that_is_best_on_validation(jobs):
    sweep, tuning = tune(make_sweep_of(jobs), ["optimizer.lr"])
    assert {(job.typed["optimizer"], job.typed["optimizer.lr"]) for job in sweep.jobs} == {
        ("rmsprop", "1e-3"),
        ("adam", "1e-4"),
    }
    assert (len(sweep.jobs), sweep.factors) == (4, ["optimizer"])
    assert len(sweep.pairs("optimizer", "rmsprop", "adam")) == 2  # seed by seed, at different learning rates
    chosen = {candidate.setting: candidate for candidate in tuning.candidates if candidate.chosen}
    assert chosen["rmsprop",].score == pytest.approx(0.505)  # of the best epochs, 0.50 and 0.51
    assert [chosen["rmsprop",].at_edge, chosen["adam",].at_edge] == [False, True]


def test_a_value_one_of_whose_runs_is_missing_is_not_chosen(jobs):
    sweep, tuning = tune(make_sweep_of([job for job in jobs if job.run_id != "rmsprop1e-31"]), ["optimizer.lr"])
    lost = next(c for c in tuning.candidates if c.values == ("1e-3",) and c.setting == ("rmsprop",))
    assert math.isnan(lost.score)
    assert not lost.chosen
    assert "1e-2" in {job.typed["optimizer.lr"] for job in sweep.jobs if job.typed["optimizer"] == "rmsprop"}


def test_the_test_part_never_chooses(jobs):
    for monitor in ("test/loss", ""):
        whole = make_sweep_of([make_job("adam", lr, 0, 0.5, monitor) for lr in ("1e-3", "1e-2")])
        sweep, tuning = tune(whole, ["optimizer.lr"])
        assert sweep is whole
        assert tuning.problem


@pytest.fixture(scope="module")
def fair(make_sweep):
    sweep = make_sweep("made-fair")
    params = {"sweep.tuned": '["optimizer.lr"]', "selection.monitor": "val/accuracy", "selection.mode": "max"}
    for optimizer, bests in {"rmsprop": {"1e-3": 0.7, "1e-2": 0.9}, "adam": {"1e-3": 0.8, "1e-2": 0.6}}.items():
        for lr, best in bests.items():
            for seed in range(3):
                typed = [f"optimizer={optimizer}", f"optimizer.lr={lr}", f"seed={seed}"]
                sweep.job(typed, best - 0.1 + seed / 100 * len(optimizer), curve=(0.3, best, 0.2), params=params)
    return sweep


def test_the_report_says_what_was_chosen_and_compares_only_that(fair, type_report, outputs):
    ended = type_report("sweep=made-fair resamples=500")
    assert (ended.status, ended.err) == (0, "")
    assert "Sweep made-fair: 12 of 12 jobs finished." in ended.out
    assert "3 pairs" in ended.out
    text = (outputs / "reports/made-fair/report.md").read_text()
    assert "## Each at its best" in text
    assert "| rmsprop | 1e-2 | 0.9000 | 3 | compared |" in text
    assert "| rmsprop | 1e-3 | 0.7000 | 3 |  |" in text
    assert "at the edge of what was tried" in text


def test_tuning_can_be_switched_off_and_asked_for(fair, type_report, outputs):
    assert type_report("sweep=made-fair resamples=500 tuned=[]").status == 0
    assert "Each at its best" not in (outputs / "reports/made-fair/report.md").read_text()
    wrong = type_report("sweep=made-fair 'tuned=[optimizer.lrr]'")
    assert wrong.status == 1
    assert "does not vary optimizer.lrr; type tuned=[optimizer.lr]" in wrong.err


def test_a_sweep_of_seeds_only_has_nothing_to_tune(make_sweep, type_report):
    sweep = make_sweep("made-seeds-only")
    for seed in range(2):
        sweep.job([f"seed={seed}"], 0.5)
    wrong = type_report("sweep=made-seeds-only 'tuned=[optimizer.lr]'")
    assert wrong.status == 1
    assert wrong.err == (
        "error: tuned=[optimizer.lr]: the sweep made-seeds-only does not vary optimizer.lr; it varies nothing\n"
    )
