"""What a sweep's own run shows, in a real store."""

import json

import pytest
from mlflow.entities import Metric

from sweeps.results.parent_run import NOTE, conclude, summarize
from sweeps.results.ranking import Ranking
from sweeps.results.runs import read_runs
from sweeps.tracking.sweep_runs import RequestedJob, write_grid


@pytest.fixture
def sweep(store):
    """A parent run and a way to add jobs to it."""
    client = store.client
    parent = client.create_run(store.experiment_id, tags={"sweep": "summed"}, run_name="summed").info.run_id

    def add(optimizer, accuracy, loss=None, status="FINISHED"):
        overrides = [f"optimizer={optimizer}", "seed=0"]
        tags = {"mlflow.parentRunId": parent, "overrides": json.dumps(overrides), "cell": f"{parent}{optimizer}"}
        run_id = client.create_run(store.experiment_id, tags=tags, run_name=optimizer).info.run_id
        client.log_metric(run_id, "test/accuracy", accuracy, step=3)
        if loss is not None:
            client.log_metric(run_id, "best/val/loss", loss, step=3)
        client.log_metric(run_id, "train/loss", 0.1, step=3)
        client.set_terminated(run_id, status)
        return run_id

    def read(ranking=None):
        summarize(store, parent, read_runs(store, parent).current, ranking)
        return client.get_run(parent).data

    return parent, add, read


def test_the_best_job_is_chosen_by_validation_and_its_values_are_the_sweeps(sweep):
    _, add, read = sweep
    add("adam", accuracy=0.9, loss=0.5)
    best = add("rmsprop", accuracy=0.8, loss=0.4)
    add("sgd", accuracy=0.99, loss=0.1, status="FAILED")
    data = read()
    assert data.metrics == {"test/accuracy": 0.8, "best/val/loss": 0.4}
    assert (data.tags["best.run_id"], data.tags["best.chosen_by"]) == (best, "best/val/loss")
    assert data.tags[NOTE].splitlines() == [
        f"2 of 3 jobs finished. Best by `best/val/loss`: `{best}`.",
        "",
        "| optimizer | best/val/loss | test/accuracy |",
        "| --- | --- | --- |",
        "| rmsprop | 0.4000 | 0.8000 |",
        "| adam | 0.5000 | 0.9000 |",
    ]


def test_without_a_validation_that_all_share_it_says_that_test_chose(sweep):
    _, add, read = sweep
    add("adam", accuracy=0.9)
    add("rmsprop", accuracy=0.8, loss=0.4)
    data = read()
    assert (data.tags["best.name"], data.tags["best.chosen_by"]) == ("adam", "test/accuracy")


def test_the_best_job_of_a_search_is_the_one_that_the_search_found(sweep):
    _, add, read = sweep
    other = add("adam", accuracy=0.9, loss=0.4)
    best = add("rmsprop", accuracy=0.8, loss=0.5)
    data = read(Ranking("val/accuracy", {best: 0.7, other: 0.6}))
    assert data.metrics == {"test/accuracy": 0.8, "best/val/loss": 0.5}
    assert (data.tags["best.run_id"], data.tags["best.chosen_by"]) == (best, "val/accuracy")
    assert data.tags[NOTE].splitlines()[0] == f"2 of 2 jobs finished. Best by `val/accuracy`: `{best}`."
    assert data.tags[NOTE].splitlines()[2:] == [
        "| optimizer | val/accuracy | test/accuracy |",
        "| --- | --- | --- |",
        "| rmsprop | 0.7000 | 0.8000 |",
        "| adam | 0.6000 | 0.9000 |",
    ]


def test_a_search_by_the_metric_that_chose_the_epochs_names_their_best(sweep):
    _, add, read = sweep
    best = add("adam", accuracy=0.9, loss=0.4)
    unranked = add("rmsprop", accuracy=0.8)
    data = read(Ranking("val/loss", {best: 0.4}))
    assert (data.tags["best.run_id"], data.tags["best.chosen_by"]) == (best, "best/val/loss")
    assert unranked not in data.tags[NOTE]


def test_a_later_command_may_find_a_better_one(sweep):
    _, add, read = sweep
    add("adam", accuracy=0.9, loss=0.5)
    assert read().metrics["test/accuracy"] == 0.9
    add("rmsprop", accuracy=0.8, loss=0.4)
    assert read().metrics == {"test/accuracy": 0.8, "best/val/loss": 0.4}


def test_verdicts_stay_under_the_table_and_take_each_others_place(sweep, store):
    parent, add, read = sweep
    add("adam", accuracy=0.9, loss=0.5)
    read()
    for verdict in ("HOLDS: first", "CANNOT BE TOLD: second"):
        conclude(store, parent, [verdict])
    note = read().tags[NOTE]
    assert note.startswith("1 of 1 jobs finished.")
    assert "- CANNOT BE TOLD: second" in note
    assert "first" not in note


def test_jobs_that_were_not_asked_for_this_time_are_left_out(sweep, store):
    parent, add, read = sweep
    add("adam", accuracy=0.9, loss=0.5)
    add("rmsprop", accuracy=0.8, loss=0.4)
    write_grid(store.client, parent, 0, [RequestedJob(f"{parent}adam", ["optimizer=adam"])])
    assert read().tags["best.name"] == "adam"


def test_a_sweep_without_a_finished_job_shows_nothing(sweep, store):
    _, add, read = sweep
    run_id = add("adam", accuracy=0.9, status="FAILED")
    store.client.log_batch(run_id, [Metric("test/loss", 1.0, 1, 1)])
    assert read().metrics == {}
