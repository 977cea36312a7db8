"""Sweeps whose driver is killed hard, and started again: they end with the table of a sweep that was left alone."""

import re
import signal
from pathlib import Path

import pytest

from sweeps.launch.locks import _folder
from sweeps.tracking.sweep_runs import children_of
from tests.helpers import LITTLE, LITTLE_DATA, SPEEDS

pytestmark = pytest.mark.slow
JOBS = 4
CHILD = (Path(__file__).parent / "programs/killed_driver.py").read_text()
TEST = [("before_the_parent", 0), ("between_claim_and_run", 0), ("in_the_last_write", 0)]
SOAK = [
    *[("between_claim_and_run", seed) for seed in (1, 2)],
    *[("while_jobs_start", seed) for seed in range(3)],
    *[("as_a_job_ends", seed) for seed in range(2)],
    *[("in_the_last_write", seed) for seed in (1, 2, 3)],
    *[("before_the_parent", seed) for seed in (1, 2)],
]
POINTS = [*TEST, *(pytest.param(*point, marks=pytest.mark.soak) for point in SOAK)]
REPORTS = [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 5))]


@pytest.fixture(scope="module")
def drive(typist, fork_python):
    """Run the sweep, or its report, in a process of its own, to be killed at a moment or not at all."""

    def run(name, moment="", seed=0, door="train"):
        words = ["-m", "optimizer=adam,rmsprop", "seed=0,1", *f"{LITTLE_DATA} {LITTLE}".split()]
        words += ["tracking.log_model=never", f"sweep.name={name}", "hydra.launcher.n_jobs=2"]
        if door == "report":
            words = [f"sweep={name}", "resamples=200"]
        claims = _folder(typist.store.output_dir, name)
        words.append(f"output_dir={typist.outputs}")
        status, out, err = fork_python(CHILD, door, moment, seed, claims, *words).communicate()
        assert status == (-signal.SIGKILL if moment else 0), err
        return out

    return run


@pytest.fixture(scope="module")
def undisturbed(drive, typist):
    return look(typist, "undisturbed", drive("undisturbed"))


def look(typist, name, out):
    """What a sweep came to: its table without run ids and minutes, and what each job's run holds."""
    store = typist.store
    query = f"tags.sweep = '{name}' and attributes.run_name = '{name}'"
    [parent] = store.client.search_runs([store.experiment_id], query)  # one, however often it was begun
    runs = children_of(store, parent.info.run_id)
    values = {
        run.info.run_name: {key: value for key, value in run.data.metrics.items() if key not in SPEEDS} for run in runs
    }
    statuses = [parent.info.status, *(run.info.status for run in runs)]
    best = {key: value for key, value in parent.data.metrics.items() if key not in SPEEDS}
    rows = sorted(line.split()[:-2] for line in out.splitlines() if re.match("(finished|failed|killed) ", line))
    return rows, values, best, statuses


@pytest.mark.parametrize(("moment", "seed"), POINTS)
def test_a_sweep_whose_driver_was_killed_ends_as_one_that_was_left_alone(moment, seed, drive, typist, undisturbed):
    name = f"killed_{moment}_{seed}"
    drive(name, moment, seed)
    rows, values, best, statuses = look(typist, name, drive(name))
    assert statuses == ["FINISHED"] * (1 + JOBS)  # none still running, none twice
    assert (rows, values, best) == undisturbed[:3]
    assert not [*_folder(typist.store.output_dir, name).glob("*.json")]


@pytest.mark.parametrize("seed", REPORTS)
def test_a_report_that_was_killed_is_whole_after_the_next(seed, drive, typist, undisturbed):
    drive("undisturbed", "in_the_report", seed, door="report")
    folder = typist.outputs / "reports/undisturbed"
    kept = []
    for _ in range(2):
        drive("undisturbed", door="report")
        kept.append({file.name: file.read_bytes() for file in folder.iterdir() if not file.name.startswith(".")})
    assert kept[0] == kept[1]
    assert {"report.html", "report.md"} <= kept[0].keys()
    [parent] = typist.store.client.search_runs(
        [typist.store.experiment_id], "tags.sweep = 'undisturbed' and attributes.run_name = 'undisturbed'"
    )
    logged = {entry.path for entry in typist.store.client.list_artifacts(parent.info.run_id, "report")}
    assert logged == {f"report/{name}" for name in kept[0]}
