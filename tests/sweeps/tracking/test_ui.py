"""What people see of a sweep: MLflow's pages, served by a real server, in a real browser."""

import json
import re
import urllib.parse

import pytest

from tests.browser import open_page
from tests.helpers import LITTLE, LITTLE_DATA
from tests.mlflow_command import mlflow_server

pytestmark = pytest.mark.slow
NAME = "ui"


@pytest.fixture(scope="module")
def sweep(typist):
    """A finished sweep of two optimizers: its own run and its jobs."""
    words = f"progress=false tracking.log_model=never sweep.name={NAME} hydra.launcher.n_jobs=2"
    ended = typist.type(f"-m optimizer=adam,rmsprop {LITTLE_DATA} {LITTLE} {words}")
    assert ended.status == 0, ended.err
    link = re.search(r"compare-runs\?\S+", ended.out.replace("\n", ""))
    [parent] = typist.store.client.search_runs(
        [typist.store.experiment_id], f"tags.sweep = '{NAME}' and attributes.run_name = '{NAME}'"
    )
    return typist.done(parent.info.run_id), link.group()


@pytest.fixture(scope="module")
def page(sweep, store, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ui")
    with open_page(folder / "profile") as page, mlflow_server(store.uri, folder / "server.log") as address:
        page.set_default_timeout(60_000)
        page.address = address
        yield page


def shown(page, path):
    """Open a page of the UI."""
    page.goto("about:blank")  # a change behind the # alone loads nothing
    page.goto(f"{page.address}/#/{path}")
    return page


def values_of(metric, page):
    """The numbers beside a metric's name: the page gives the names of all metrics, and then row by row their values."""
    page.get_by_text(metric, exact=True).first.wait_for()
    table = page.inner_text("body").split("\nMetrics\n")[1].split("\nArtifacts\n")[0].split("\n")
    names = [line for line in table if "/" in line or "_" in line]
    values = [float(line) for line in table if re.fullmatch(r"-?[\d.]+", line)]
    row, width = names.index(metric), len(values) // len(names)
    return values[row * width : (row + 1) * width]


def test_the_comparison_page_has_both_optimizers_and_their_test_accuracy(sweep, page):
    parent, _ = sweep
    jobs = {job.run.info.run_name: job.run for job in parent.children()}
    assert jobs.keys() == {"optimizer=adam", "optimizer=rmsprop"}
    runs = json.dumps([run.info.run_id for run in jobs.values()], separators=(",", ":"))
    query = urllib.parse.urlencode({"runs": runs, "experiments": json.dumps([parent.run.info.experiment_id])})
    shown(page, f"compare-runs?{query}")
    for name, run in jobs.items():
        page.get_by_text(name, exact=True).first.wait_for()
        page.get_by_text(run.info.run_id[:10]).first.wait_for()
    accuracies = [round(run.data.metrics["test/accuracy"], 3) for run in jobs.values()]
    assert sorted(values_of("test/accuracy", page)) == sorted(accuracies)


def test_the_link_that_the_table_prints_opens_the_comparison(sweep, page):
    _, link = sweep
    shown(page, link)
    page.get_by_text("Comparing 2 Runs").first.wait_for()
    page.get_by_text("optimizer=rmsprop", exact=True).first.wait_for()


def test_the_sweeps_page_shows_the_best_jobs_values_and_its_table(sweep, page):
    parent, _ = sweep
    best = parent.run.data.tags["best.run_id"]
    shown(page, f"experiments/{parent.run.info.experiment_id}/runs/{parent.id}?workflowType=machine_learning")
    page.get_by_text("2 of 2 jobs finished.").first.wait_for()
    text = page.inner_text("body")
    assert "rmsprop" in text
    assert best in text
    assert "test/accuracy" in text


def test_the_runs_table_names_the_sweep_and_where_it_came_from(sweep, page):
    parent, _ = sweep
    shown(page, f"experiments/{parent.run.info.experiment_id}/runs?workflowType=machine_learning")
    page.get_by_text(NAME, exact=True).first.wait_for()
    assert "train.py" in page.inner_text("body")
