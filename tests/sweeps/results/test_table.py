import pytest

from sweeps.results.runs import read_runs
from sweeps.results.table import print_run_summary, print_sweep_table, ui_command
from sweeps.runtime.job_context import JobContext
from sweeps.tracking.run import EpochMetrics, tracked_run


@pytest.fixture(scope="module")
def parent(store, job):
    """A sweep of three jobs; the last failed."""
    parent_id = store.client.create_run(store.experiment_id, run_name="grid").info.run_id
    for lr, accuracy, loss in (("0.1", 0.75, 0.5), ("0.01", 0.5, 0.25), ("10", None, None)):
        typed = ["+sweep=grid", "seed=0", "datamodule/split=clip", f"optimizer.lr={lr}"]
        try:
            cfg = job(optimizer__lr=float(lr))
            with tracked_run(cfg, JobContext(tuple(typed), parent_run_id=parent_id), "d", store) as run:
                run.log_epochs([EpochMetrics(e, 1, {"train/loss": 1.0}) for e in (1, 2)])
                if accuracy is None:
                    raise RuntimeError("diverged")
                run.log_epochs([EpochMetrics(2, 1, {"test/accuracy": accuracy, "best/val/loss": loss})])
        except RuntimeError:
            pass
    store.client.set_terminated(parent_id)
    return parent_id


@pytest.fixture
def lines(store, parent, monkeypatch, capsys):
    def printed(columns):
        monkeypatch.setenv("COLUMNS", str(columns))
        print_sweep_table(store, read_runs(store, parent))
        return capsys.readouterr().out.strip().splitlines()

    return printed


def test_the_best_is_first_and_the_failed_one_is_there(lines):
    header, *rows = lines(80)[1:5]
    assert header.split() == ["status", "lr", "loss", "acc", "epochs", "min", "run"]
    assert [row.split()[:5] for row in rows] == [
        ["finished", "0.01", "0.2500", "0.5000", "2"],  # by validation: the test accuracy of the other is higher
        ["finished", "0.1", "0.5000", "0.7500", "2"],
        ["failed", "10", "-", "-", "2"],
    ]


def test_only_what_differs_has_a_column(lines):
    assert not {"seed", "split", "sweep"} & set(" ".join(lines(200)[:2]).split())


def test_it_is_plain_and_narrow_where_there_is_no_terminal(lines):
    table = lines(80)[1:5]
    assert max(len(line) for line in table) <= 80
    assert "\x1b" not in "".join(lines(80))


def test_whole_ids_are_shown_where_they_fit(lines, store, parent):
    assert [len(row.split()[-1]) for row in lines(140)[2:5]] == [32, 32, 32]


def test_every_id_can_be_had_from_the_link(lines, store, parent):
    whole = {row.split()[-1] for row in lines(140)[2:5]}
    assert len(whole) == 3
    link = lines(80)[-1]
    assert all(run_id in link for run_id in whole)
    assert "/#/compare-runs?runs=%5B%22" in link


def test_the_ui_is_one_line_to_copy(lines, outputs, monkeypatch):
    monkeypatch.chdir(outputs)
    assert "mlflow ui --backend-store-uri sqlite:///mlflow.db" in lines(80)
    assert ui_command("postgresql://x/y") == "mlflow ui --backend-store-uri postgresql://x/y"


def test_a_run_ends_with_its_numbers(capsys):
    print_run_summary({"test/accuracy": 0.5, "test/recall/fall": 1 / 3, "val/loss": 7.0}, "abc", "http://host")
    told = capsys.readouterr().out
    assert [line.split() for line in told.split("\n")[1:4]] == [
        ["Test"],
        ["accuracy", "0.5000"],
        ["recall/fall", "0.3333"],
    ]
    assert "Run abc\nhttp://host" in told
    assert "val/loss" not in told


def test_of_many_jobs_the_best_are_shown(store, capsys):
    client = store.client
    parent = client.create_run(store.experiment_id, run_name="many").info.run_id
    for number in range(103):
        tags = {"mlflow.parentRunId": parent, "overrides": f'["seed={number}"]'}
        run_id = client.create_run(store.experiment_id, tags=tags).info.run_id
        client.log_metric(run_id, "test/accuracy", number / 1000)
        client.set_terminated(run_id)
    print_sweep_table(store, read_runs(store, parent))
    out = capsys.readouterr().out
    assert len([line for line in out.splitlines() if line.startswith("finished")]) == 100
    assert "(3 more jobs, none of them better, in MLflow)" in out
    assert "0.1020" in out
    assert "0.0020" not in out
