"""Real searches, through Hydra, Optuna and the local launcher, with a driver that is really killed."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

import sweeps.launch.plan
from sweeps.config.search_settings import Settings
from sweeps.config.search_space import Space
from sweeps.errors import ConfigError
from sweeps.launch.job import Job, State
from sweeps.report.comparisons import Comparisons
from sweeps.report.load import find_sweep, read_sweep
from sweeps.report.questions import ask
from sweeps.report.sections.caveats import caveats_section
from sweeps.runtime.job_context import JobContext
from sweeps.search.journal import journal_file, journal_storage
from sweeps.search.pruning import Membership, Pruner, TrialPruner, pruner_of
from sweeps.search.study import open_study
from sweeps.tracking.sweep_runs import CELL, PRUNED, read_grid
from tests.conftest import ROOT
from tests.forked import Forked
from tests.helpers import LITTLE, LITTLE_DATA, Typist

APP = (ROOT / "tests/programs/app.py").read_text()
CONF = """
defaults:
  - _self_
  - override hydra/launcher: local
  - override hydra/sweeper: optuna
  - override hydra/job_logging: stdout
x: 0.0
what: ok
num_threads: null
output_dir: ???
tracking: {uri: "sqlite:///${output_dir}/mlflow.db", experiment: searching}
sweep: {name: null, fail_fast: false, retry_failed: true}
hydra:
  run: {dir: "${output_dir}"}
  sweep: {dir: "${output_dir}/logs/${sweep.name}", subdir: "."}
  output_subdir: null
  launcher: {accelerator: cpu}
  sweeper: {n_trials: 4, n_jobs: 1, startup_trials: 2, warmup_epochs: 1, pruner: none}
"""
SPACE = "x=interval(0,1)"


class Search:
    """A search as it is started, read and looked up."""

    def __init__(self, process: Forked, store: Any, name: str) -> None:
        self.process, self.store, self.name = process, store, name

    def end(self) -> Search:
        self.status, self.out, self.err = self.process.communicate()
        return self

    @property
    def parent(self) -> Any:
        experiment = self.store.client.get_experiment_by_name("searching").experiment_id
        runs = self.store.client.search_runs([experiment], f"tags.sweep = '{self.name}'")
        (parent,) = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
        return parent

    def children(self) -> list[Any]:
        return sweeps.launch.plan.children_of(self.store, self.parent.info.run_id)

    def finished(self) -> int:
        """How many jobs have finished so far."""
        experiment = self.store.client.get_experiment_by_name("searching")
        query = f"tags.sweep = '{self.name}' and attributes.status = 'FINISHED'"
        return len(self.store.client.search_runs([experiment.experiment_id], query)) if experiment else 0

    def content(self) -> dict[str, Any]:
        """The artifact with all trials."""
        path = self.store.client.download_artifacts(self.parent.info.run_id, "search.json")
        return dict(json.loads(Path(path).read_text()))

    def values(self) -> list[tuple[str, float, float]]:
        """Of each trial its state, its x and its value."""
        return [(row["state"], float(row["overrides"]["x"]), row["value"]) for row in self.content()["trials"]]

    def rows(self) -> list[list[str]]:
        """Rows of the table."""
        return [line.split() for line in self.out.splitlines() if re.match(r"(finished|pruned|failed|killed) ", line)]

    def asked(self) -> int:
        return len(read_grid(self.store.client, self.parent.info.run_id))


@pytest.fixture(scope="module")
def start_search(fork_python, store, outputs, tmp_path_factory):
    conf = tmp_path_factory.mktemp("conf")
    (conf / "app.yaml").write_text(CONF)
    for option in ("launcher/local.yaml", "sweeper/optuna.yaml"):
        target = conf / "hydra" / option
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / "conf/hydra" / option).read_text()
        target.write_text(re.sub(r"\$\{oc.select:trainer.(\w+),(\w+)\}", r"\2", text))

    def start(name, *overrides):
        words = ["-m", f"output_dir={outputs}", f"sweep.name={name}", *overrides]
        return Search(fork_python(APP, Path(__file__).parent, "search_app", conf, *words), store, name)

    return start


@pytest.fixture(scope="module")
def whole(start_search):
    """Five trials, one at a time, undisturbed."""
    return start_search("whole", SPACE, "hydra.sweeper.n_trials=5").end()


@pytest.mark.slow
def test_a_search_is_one_parent_with_a_child_for_each_trial_and_one_table(whole):
    assert (whole.status, whole.err) == (0, "")
    children, trials = whole.children(), whole.content()["trials"]
    assert {child.info.status for child in children} == {whole.parent.info.status} == {"FINISHED"}
    assert {child.info.run_id for child in children} == {trial["run_id"] for trial in trials}
    assert (len(children), whole.asked(), len(whole.rows())) == (5, 5, 5)
    assert [trial["state"] for trial in trials] == ["complete"] * 5


@pytest.mark.slow
def test_the_best_is_by_validation_at_the_epoch_that_was_chosen_and_not_by_test(whole):
    best = min(whole.values(), key=lambda row: row[2])
    assert best[2] == pytest.approx((best[1] - 0.3) ** 2 + 1 / 2, abs=1e-5)
    tags = whole.parent.data.tags
    assert float(tags["best.val/loss"]) == pytest.approx(best[2], rel=1e-5)
    assert whole.store.client.get_run(tags["best.run_id"]).data.params["x"] == whole.rows()[0][1] == tags["best.x"]
    assert whole.out.splitlines()[-1].endswith(f"again: python train.py from_run={tags['best.run_id']}")
    values = [float(row[2]) for row in whole.rows()]
    assert values == sorted(values)


@pytest.mark.slow
def test_a_search_that_grows_runs_the_further_trials_only_and_chooses_as_an_undisturbed_one(whole, start_search):
    first = start_search("grown", SPACE, "hydra.sweeper.n_trials=2").end()
    assert len(first.children()) == 2
    grown = start_search("grown", SPACE, "hydra.sweeper.n_trials=5").end()
    assert grown.status == 0
    assert "2 of 5 trials of the search grown have ended already" in grown.out
    assert (len(grown.children()), grown.asked(), len(grown.rows())) == (5, 5, 5)
    assert grown.values() == whole.values()


@pytest.mark.slow
def test_a_killed_driver_goes_on_with_the_same_study(whole, start_search, outputs):
    words = (SPACE, "what=sleep_once", "hydra.sweeper.n_trials=5")
    search = start_search("killed", *words)
    deadline = time.monotonic() + 60
    while not (outputs / "asked_of_search").exists():  # the third trial has begun
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(search.process.pid, signal.SIGKILL)
    search.end()
    assert search.parent.info.status == "RUNNING"
    second = start_search("killed", *words).end()
    assert (second.status, second.err) == (0, "")
    assert second.values() == whole.values()
    children = second.children()
    assert [child.info.status for child in children] == ["FINISHED"] * 5  # what was begun is not there twice
    assert (second.parent.info.status, second.asked()) == ("FINISHED", 5)
    assert [trial["number"] for trial in second.content()["trials"]] == [0, 1, 2, 3, 4]


@pytest.mark.slow
def test_what_has_finished_when_the_driver_is_killed_is_not_run_again(start_search, outputs):
    (outputs / "asked_of_search").unlink(missing_ok=True)
    two = ("hydra.sweeper.n_jobs=2", "hydra.launcher.n_jobs=2", "hydra.sweeper.n_trials=4")
    search = start_search("killed-two", SPACE, "what=sleep_once", *two)
    deadline = time.monotonic() + 90
    while search.finished() < 3 or not (outputs / "asked_of_search").exists():  # the third sleeps, the fourth is done
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.kill(search.process.pid, signal.SIGKILL)
    search.end()
    before = {child.info.run_id for child in search.children()}
    second = start_search("killed-two", SPACE, "what=sleep_once", *two).end()
    assert (second.status, second.err) == (0, "")
    after = second.children()
    assert [child.info.status for child in after] == ["FINISHED"] * 4
    assert len(before & {child.info.run_id for child in after}) == 3
    assert [row[0] for row in second.values()] == ["complete"] * 4


@pytest.mark.slow
def test_trials_without_prospects_end_early_and_are_not_tested(start_search):
    words = (SPACE, "hydra.sweeper.n_trials=6", "hydra.sweeper.pruner=median", "hydra.sweeper.sampler=random")
    search = start_search("pruned", *words).end()
    assert (search.status, search.err) == (0, "")
    children = search.children()
    pruned = [child for child in children if "pruned" in child.data.tags]
    assert 1 <= len(pruned) <= 4
    for child in pruned:
        assert (child.info.status, child.data.tags["pruned"], child.data.tags["pruned_epoch"]) == (
            "FINISHED",
            "true",
            "1",
        )
        assert not [key for key in child.data.metrics if key.startswith("test/")]
    whole = [child for child in children if "pruned" not in child.data.tags]
    assert all("test/accuracy" in child.data.metrics for child in whole)
    assert [row[0] for row in search.rows()] == ["finished"] * len(whole) + ["pruned"] * len(pruned)
    assert search.parent.data.tags["trials.pruned"] == str(len(pruned))
    states = [row[0] for row in search.values()]
    again = start_search("pruned", *words).end()
    assert (again.status, len(again.children()), [row[0] for row in again.values()]) == (0, 6, states)
    assert again.rows() == search.rows()
    assert "started" not in again.out


@pytest.mark.slow
def test_a_failed_trial_is_told_and_the_search_goes_on(start_search, outputs):
    (outputs / "asked_of_search").unlink(missing_ok=True)
    words = (SPACE, "what=raise_once", "hydra.sweeper.n_trials=3")
    search = start_search("failing", *words).end()
    assert search.status == 0
    assert "1 of 3 trials failed:\n  trial 1 (x=" in search.err
    assert re.search(r"\): RuntimeError: it went wrong; output in .*/1\.log\n", search.err)
    first = search.values()
    assert [row[0] for row in first] == ["failed", "complete", "complete"]
    assert (search.parent.info.status, search.parent.data.tags["trials.failed"]) == ("FINISHED", "1")
    left = start_search("failing", *words, "sweep.retry_failed=false").end()
    assert "1 of 3 trials failed" in left.err
    assert len(left.children()) == 3
    again = start_search("failing", *words).end()  # the failed one again, with the same values
    assert (again.status, again.err) == (0, "")
    assert [(row[0], row[1]) for row in again.values()][-1] == ("complete", first[0][1])
    assert [row[0] for row in again.values()] == ["complete"] * 3
    assert (len(again.children()), again.asked(), len(again.rows())) == (4, 3, 3)


@pytest.mark.slow
def test_a_search_whose_trials_all_fail_fails_and_fail_fast_ends_at_the_first(start_search):
    failed = start_search("all-failed", SPACE, "what=raise", "hydra.sweeper.n_trials=2", "hydra.sweeper.n_jobs=2").end()
    assert (failed.status, failed.parent.info.status) == (1, "FAILED")
    assert failed.parent.data.tags["error"] == "none of 2 trials was completed"
    fast = start_search("fast-failed", SPACE, "what=kill", "sweep.fail_fast=true").end()
    assert (fast.status, len(fast.children())) == (1, 1)
    assert "it was killed by SIGKILL" in fast.err


@pytest.mark.slow
def test_a_search_is_refused_to_go_on_with_another_setting_or_other_code(whole, start_search, outputs):
    def told(*words: str) -> str:
        ended = start_search("whole", SPACE, "hydra.sweeper.n_trials=6", *words).end()
        assert ended.status == 1
        return str(ended.err.strip().splitlines()[-1])

    assert "a setting that it does not vary, has changed since" in told("what=sleep_once")
    journal = journal_file(outputs, "whole")
    kept = journal.read_text()
    try:  # as if other code had made the trials
        cells = {child.data.tags["cell"] for child in whole.children()}
        journal.write_text(re.sub("|".join(cells), "0" * 16, kept))
        assert "the code has changed since it was begun; type sweep.ignore_code=true" in told()
    finally:
        journal.write_text(kept)
    assert whole.parent.info.status == "FINISHED"


def test_a_search_is_refused_to_go_on_with_another_space_or_metric(tmp_path: Path):
    def begin(line: str, **changes: str) -> None:
        space = Space.of(OverridesParser.create().parse_overrides([line, "y=1,2"]))
        open_study(tmp_path / "study.journal", "s", Settings(**changes), space, member(tmp_path).pruner)

    begin("x=interval(0,1)")
    begin("x=interval(0,1)", sampler="random")
    kept = (tmp_path / "study.journal").read_bytes()
    with pytest.raises(ConfigError, match=r"^x: the search s was begun with x from 0 to 1, not from 0 to 2; type swe"):
        begin("x=interval(0,2)")
    with pytest.raises(ConfigError, match=r"^x: the search s was begun with x from 0 to 1, which is missing now; type"):
        begin("z=3")
    with pytest.raises(ConfigError, match=r"^hydra.sweeper.metric=val/accuracy: the search s was begun by val/loss; "):
        begin("x=interval(0,1)", metric="val/accuracy", direction="max")
    assert (tmp_path / "study.journal").read_bytes() == kept


def test_a_pruned_run_is_a_finished_one_to_a_search_only(store):
    client = store.client
    parent = client.create_run(store.experiment_id).info.run_id
    tags = {"mlflow.parentRunId": parent, CELL: "abc", PRUNED: "true"}
    client.set_terminated(client.create_run(store.experiment_id, tags=tags).info.run_id, "FINISHED")
    for counts, expected in ((False, State.WAITING), (True, State.FINISHED)):
        plan = sweeps.launch.plan.Plan(store, parent, ignore_code=False, retry_failed=True)
        plan.pruned_counts = counts
        job = Job(0, OmegaConf.create(), "", "abc", Path("log"))
        plan.settle([job])
        assert job.state is expected
        assert len(plan.finished()) == counts


def member(journal: Path, number: int = 0, **changes: Any) -> Membership:
    pruner = Pruner(**{"name": "median", "startup_trials": 1, "warmup_epochs": 2, "max_epochs": 5, **changes})
    return Membership(str(journal), "s", number, "val/loss", pruner)


def rows_of(*values: float) -> list[dict[str, Any]]:
    return [{"epoch": epoch, "values": {"val/loss": value}} for epoch, value in enumerate(values, 1)]


def test_a_job_tells_its_study_each_epoch_once_and_hears_when_to_end(tmp_path: Path):
    import optuna

    journal = tmp_path / "study.journal"
    study = optuna.create_study(study_name="s", storage=journal_storage(journal))
    good, bad = study.ask(), study.ask()
    judge = TrialPruner(member(journal, good.number))
    assert not any(judge.should_stop(rows_of(*values)) for values in ([0.5], [0.5, 0.4], [0.5, 0.4, 0.3]))
    study.tell(good, 0.3)
    assert study.trials[0].intermediate_values == {1: 0.5, 2: 0.4, 3: 0.3}
    judge = TrialPruner(member(journal, bad.number))
    assert not judge.should_stop(rows_of(0.9))  # every trial trains two epochs
    assert judge.should_stop(rows_of(0.9, 0.8))
    resumed = TrialPruner(member(journal, bad.number))  # in another process, that has all epochs so far
    assert resumed.should_stop(rows_of(0.9, 0.8, 0.7))
    assert study.trials[1].intermediate_values == {1: 0.9, 2: 0.8, 3: 0.7}
    assert not TrialPruner(member(journal, good.number)).should_stop(rows_of(9, 9, 9, 9))  # its trial has ended
    assert not TrialPruner(member(journal, bad.number, name="none")).should_stop(rows_of(0.9, 0.8))
    assert not pruner_of(JobContext())
    assert pruner_of(JobContext(trial=member(journal)))


def test_a_journal_that_was_cut_off_in_a_line_is_read_up_to_there(tmp_path: Path):
    import optuna

    journal = tmp_path / "study.journal"
    optuna.create_study(study_name="s", storage=journal_storage(journal)).ask()
    with journal.open("a") as file:
        file.write('{"op_code": 4, "wor')
    study = optuna.load_study(study_name="s", storage=journal_storage(journal))
    study.ask()
    assert len(optuna.load_study(study_name="s", storage=journal_storage(journal)).trials) == 2


def test_a_process_that_dies_with_the_journal_locked_holds_nobody_up(tmp_path: Path):
    import optuna

    journal = tmp_path / "study.journal"
    storage = journal_storage(journal)
    study = optuna.create_study(study_name="s", storage=storage)
    pid = os.fork()
    if pid == 0:
        journal_storage(journal)._backend._lock.acquire()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    began = time.monotonic()
    study.ask()
    assert time.monotonic() - began < 5


@pytest.mark.slow
def test_a_search_of_real_trainings_prunes_and_says_which_is_the_best(typist: Typist):
    space = "'optimizer.lr=tag(log,interval(1e-6,1e-1))' model.num_layers=1,2"
    how = ["sampler=random", "pruner=median", "startup_trials=2", "warmup_epochs=1", "n_trials=6", "n_jobs=2"]
    words = " ".join(f"hydra.sweeper.{word}" for word in how)
    data = f"{LITTLE} {LITTLE_DATA} trainer.max_epochs=3 tracking.log_model=never progress=false"
    ended = typist.type(f"-m hydra/sweeper=optuna {space} {words} sweep.name=real {data}")
    assert (ended.status, ended.err) == (0, "")
    best = typist.done(re.findall(r"from_run=(\w{32})$", ended.out, re.MULTILINE)[-1])
    parent = typist.done(best.run.data.tags["mlflow.parentRunId"])
    assert (parent.status, parent.run.data.tags["best.run_id"]) == ("FINISHED", best.id)
    children = parent.children()
    pruned = [child for child in children if child.run.data.tags.get("pruned") == "true"]
    assert len(children) == 6
    assert pruned
    for child in pruned:
        assert child.status == "FINISHED"
        assert not [key for key in child.run.data.metrics if key.startswith("test/")]
        epochs = len(child.history()["val/loss"])
        assert child.run.data.tags["pruned_epoch"] == str(epochs)
        assert epochs < 3
        assert "predictions.parquet" not in child.artifacts()
    chosen = {child.id: min(value for _, value in child.history()["val/loss"]) for child in children}
    assert min((c.id for c in children if c not in pruned), key=chosen.__getitem__) == best.id
    assert float(parent.run.data.tags["best.val/loss"]) == pytest.approx(chosen[best.id], rel=1e-5)
    sweep = read_sweep(typist.store, find_sweep(typist.store, "real"))
    assert (sweep.searched, len(sweep.jobs)) == ("val/loss", 6 - len(pruned))
    assert {(cell.status, cell.error[:30]) for cell in sweep.unfinished} == {
        ("pruned", "the search ended it after epoc")
    }
    assert "A search by val/loss chose the settings" in str(caveats_section(sweep, Comparisons([], [])))
    assert "comparisons of options" in [left.what for left in ask(sweep, "test/accuracy", 0.95, 100)[1]]
    repeated = typist.train(f"from_run={best.id} tracking.log_model=never progress=false tracking.experiment=test")
    assert repeated.history() == best.history()
