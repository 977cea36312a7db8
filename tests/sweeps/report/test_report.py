"""What report.py says of sweeps whose numbers are known."""

import re

import numpy as np
import pytest

from lightning_modules.metrics import slug
from sweeps.report.formatting import recall_key

RMS = [0.80, 0.82, 0.81, 0.83, 0.79]
BOTH = "num layers x sequence length"
ADAM = [0.84, 0.85, 0.84, 0.87, 0.83]


@pytest.fixture(scope="module")
def optimizers(make_sweep):
    """Adam is 3 to 4 points ahead in five seeds."""
    sweep = make_sweep("made-optimizers")
    for seed, (rms, adam) in enumerate(zip(RMS, ADAM, strict=True)):
        sweep.job(["optimizer=rmsprop", f"seed={seed}"], rms, predicts=True)
        reached = {"epochs_to_95": 2.0 + seed % 2} if seed else {}
        sweep.job(
            ["optimizer=adam", f"seed={seed}"],
            adam,
            metrics=reached,
            curve=(0.6, 0.8, 0.8, 0.9 + seed / 100),
            predicts=True,
        )
    return sweep


def page(outputs, name):
    return (outputs / "reports" / name / "report.md").read_text()


def test_a_claim_has_its_verdict_and_its_numbers(optimizers, type_report, outputs):
    ended = type_report("sweep=made-optimizers resamples=500")
    assert (ended.status, ended.err) == (0, "")
    # differences 4, 3, 3, 4, 4: mean 3.6, sd 0.5477, t(4) 2.7764: 3.6 +- 0.680
    claim = "Adam beats RMSProp in test accuracy (claimed: by 3.15 points)"
    assert f"HOLDS: {claim}; +3.60 points (+2.92 to +4.28), 5 pairs" in ended.out
    assert "Power for 3 points: > 99.9 % with 5 pairs (sd 0.55 points); 80 % takes 3 pairs." in ended.out
    text = page(outputs, "made-optimizers")
    assert "the claimed size is in it" in text
    assert "**The people are simulated.**" in text
    assert "| RMSProp | test accuracy, % | 92.48 | 81.00 | 1.58 |" in text
    assert "| Adam | test accuracy, % | 95.63 | 84.60 | 1.52 |" in text
    assert "With 5 pairs the sign-flip test cannot give less than 0.0625" in text


def test_runs_that_never_got_there_are_said(optimizers, type_report, outputs):
    type_report("sweep=made-optimizers resamples=500")
    text = page(outputs, "made-optimizers")
    assert "5 of 5 RMSProp runs and 1 of 5 Adam runs never reached 95 %" in text
    assert "in 1 pairs neither reached it" in text
    assert "| Adam | epochs to 95 % | about 80 | reached by 4 of 5 |" in text


def test_recordings_are_resampled_where_predictions_are_kept(optimizers, type_report, outputs):
    type_report("sweep=made-optimizers resamples=500")
    row = next(line for line in page(outputs, "made-optimizers").splitlines() if line.startswith("| A |"))
    low, high = map(float, re.match(r"\+([\d.]+) to \+([\d.]+)", row.split("|")[5].strip()).groups())
    assert 0 <= low < 3.6 < high < 12


def test_everything_is_in_one_file_and_in_mlflow(optimizers, type_report, outputs):
    ended = type_report("sweep=made-optimizers resamples=500")
    folder = outputs / "reports" / "made-optimizers"
    html = (folder / "report.html").read_text()
    assert re.findall(r'(?:src|href)="(?!data:image/png;base64,)', html) == []
    assert "<script" not in html
    assert "url(" not in html
    assert "@import" not in html
    written = {path.name for path in folder.iterdir()}
    pictures = {f"{name}.png" for name in ("differences", "curves_accuracy", "curves_loss", "recalls")}
    assert written == {"report.html", "report.md", *pictures}
    assert html.count("data:image/png;base64,") == 4
    assert all((folder / name).read_bytes().startswith(b"\x89PNG") for name in written if name.endswith("png"))
    assert optimizers.files() == {f"report/{name}" for name in written}
    assert all(name in ended.out for name in written)


def test_a_report_written_again_is_the_same(optimizers, type_report, outputs):
    type_report("sweep=made-optimizers resamples=500")
    first = page(outputs, "made-optimizers")
    type_report("sweep=made-optimizers resamples=500")
    assert page(outputs, "made-optimizers") == first


def test_what_is_missing_is_reported_and_averaged_over_by_nobody(make_sweep, type_report, outputs):
    sweep = make_sweep("made-holes")
    jobs = [[f"optimizer={name}", f"seed={seed}", "output_dir=/x"] for name in ("rmsprop", "adam") for seed in range(4)]
    sweep.grid(jobs)
    sweep.job(jobs[0], 0.8)
    sweep.job(jobs[1], 0.1, status="FAILED", tags={"error": "DivergenceError: the loss became nan"})
    sweep.job(jobs[2], 0.2, status="KILLED")
    sweep.job(jobs[3], 0.8)
    sweep.job(jobs[4], 0.3, status="FAILED")
    sweep.job(jobs[4], 0.82)  # its retry
    sweep.job(jobs[5], 0.9)
    sweep.job(jobs[7], 0.84)
    ended = type_report("sweep=made-holes")
    assert "Sweep made-holes: 5 of 8 jobs finished." in ended.out
    text = page(outputs, "made-holes")
    assert "8 jobs: 5 finished; 1 failed, 1 killed and 1 missing." in text
    assert "| failed | optimizer=rmsprop seed=1 | DivergenceError: the loss became nan |" in text
    assert "| missing | optimizer=adam seed=2 | it never began |" in text
    assert "1 job took more than one run" in text
    # pairs are seeds 0 and 3: 2 and 4 points
    assert "+3.00 points (\u22129.71 to +15.71), 2 pairs" in ended.out
    assert "| RMSProp | test accuracy, % | 92.48 | 80.00 |" in text


def test_a_sweep_of_three_options_and_depth_is_compared_pair_by_pair(make_sweep, type_report, outputs):
    sweep = make_sweep("made-grid")
    draw = np.random.default_rng(0)
    for layers, gain in (("1", 0.0), ("2", 0.05), ("3", 0.1)):
        for length in ("5", "9"):
            for seed in range(3):
                typed = [f"model.num_layers={layers}", f"datamodule.sequence_length={length}", f"seed={seed}"]
                params = {"model.num_layers": layers, "datamodule.sequence_length": length}
                sweep.job(typed, 0.7 + gain + 0.04 * (length == "9") + draw.normal(0, 0.005), params=params)
    ended = type_report("sweep=made-grid")
    assert ended.status == 0, ended.err
    assert re.search(r"^BETTER: model.num_layers: 2 against 1; \+[45]\.", ended.out, re.MULTILINE)
    assert "BETTER: model.num_layers: 3 against 1" in ended.out
    assert "BETTER: datamodule.sequence_length: 9 against 5" in ended.out
    assert "left out: the paper's claims about Adam and RMSProp" in ended.out
    text = page(outputs, "made-grid")
    shares = dict(re.findall(r"^\| ([a-z x]+) \| \d+ \| ([\d.]+) \|", text, re.MULTILINE))
    assert set(shares) == {"num layers", "sequence length", BOTH}
    layers, length, both = (float(shares[name]) for name in ("num layers", "sequence length", BOTH))
    assert layers > length > both
    assert "The interaction that explains most" in text
    assert (outputs / "reports" / "made-grid" / "effects.png").exists()


def test_one_seed_decides_nothing(make_sweep, type_report):
    sweep = make_sweep("made-single")
    sweep.job(["optimizer=rmsprop"], 0.7)
    sweep.job(["optimizer=adam"], 0.9)
    ended = type_report("sweep=made-single")
    assert "CANNOT BE TOLD: Adam beats RMSProp" in ended.out
    assert "HOLDS" not in ended.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"params": {"datamodule.split.protocol": "window"}}, "**Performances are on both sides of the split**"),
        ({"tags": {"data_digest": "d2"}}, "**The jobs were not trained on the same data:** digests d1 (1) and d2 (1)."),
        ({"tags": {"git_commit": "c2"}}, "**The jobs were not run by the same code:** commits c1 (1) and c2 (1)."),
        ({"tags": {"git_dirty": "true"}}, "1 of 2 runs came from a working tree with changes that were not committed"),
    ],
    ids=["leaking split", "other data", "other code", "dirty"],
)
def test_what_must_be_known_before_any_number_is_said(make_sweep, type_report, outputs, change, said):
    sweep = make_sweep("made-mixed")
    sweep.job(["optimizer=rmsprop"], 0.7)
    sweep.job(["optimizer=adam"], 0.9, **change)
    type_report(f"sweep={sweep.parent_id}")
    assert said in page(outputs, "made-mixed")


MISTAKES = {
    "sweep=made-optimizer": "sweep=made-optimizer: no such sweep; type sweep=made-optimizers",
    "sweep=zzz": "sweep=zzz: no such sweep; there are ",
    "": "sweep.name is not set; type sweep.name=NAME",
    "sweep=made-optimizers confidence=2": "confidence=2.0: must be a number, 0.5 to below 1; type confidence=0.95",
    "sweep=made-optimizers metric=test/acuracy": "metric=test/acuracy: must be test/accuracy, test/macro_f1, ",
    "sweep=x tracking.uri=sqlite:////nowhere/x.db": "tracking.uri=sqlite:////nowhere/x.db: there is no store yet; ",
}


@pytest.mark.parametrize("command", MISTAKES)
def test_a_mistake_is_one_line_and_writes_nothing(optimizers, type_report, outputs, tmp_path, command):
    uri = "" if "uri" in command else f"tracking.uri=sqlite:///{outputs}/mlflow.db"
    ended = type_report(f"{command} {uri}", tmp_path / "new")
    assert ended.status == 1
    assert ended.err.startswith(f"error: {MISTAKES[command]}")
    assert ended.err.count("\n") == 1
    assert ended.out == ""
    assert not (tmp_path / "new").exists()


def test_a_sweep_without_a_finished_job_is_a_mistake(make_sweep, type_report, outputs):
    sweep = make_sweep("made-nothing")
    sweep.job(["optimizer=adam"], 0.1, status="FAILED")
    ended = type_report("sweep=made-nothing")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == (
        "error: sweep=made-nothing: none of its 1 jobs has finished, there is nothing to report; "
        "type the sweep's command again\n"
    )
    assert not (outputs / "reports" / "made-nothing").exists()


@pytest.mark.parametrize("name", ["falling down", "Sit-Stand (2)", "쓰러지기", "!!!"])
def test_classes_are_found_by_the_name_that_training_gives_them(name):
    assert recall_key(name) == f"test/recall/{slug(name)}"


def test_impossible_jobs_are_listed_and_a_preset_that_draws_the_split_anew_is_noticed(make_sweep, type_report, outputs):
    sweep = make_sweep("made-protocol")
    for seed in range(3):
        for number, split in enumerate(("window", "clip")):
            params = {"datamodule.split.seed": str(seed), "sweep.left_out": '["datamodule/split=camera: no cameras"]'}
            accuracy = 0.9 - number / 10 + seed * number / 100
            sweep.job([f"datamodule/split={split}", f"seed={seed}"], accuracy, params=params)
    assert type_report("sweep=made-protocol resamples=200").status == 0
    text = page(outputs, "made-protocol")
    assert "Left out beforehand: datamodule/split=camera: no cameras." in text
    assert "read the corrected t-test" in text
    assert "nothing else: one division" not in text
