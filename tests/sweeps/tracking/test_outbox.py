"""The outbox against a real store whose answers, or requests, are lost at any call."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweeps.runtime.process import process_tags
from sweeps.tracking import events
from sweeps.tracking.journal import FILES, OUTBOX
from sweeps.tracking.outbox import Outbox
from sweeps.tracking.send import send_left_behind
from sweeps.tracking.store import Store

URI = "http://store.invalid"


class Flaky:
    """A client that now and then loses a request, or the answer to one that was carried out."""

    def __init__(self, client: Any, seed: int, share: float) -> None:
        self._client, self._draw, self.share = client, random.Random(seed), share

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            if self._draw.random() < self.share / 2:
                raise requests.ConnectionError("Connection refused")
            answer = real(*args, **kwargs)
            if self._draw.random() < self.share / 2:
                raise requests.ConnectionError("Connection aborted")
            return answer

        return call


@pytest.fixture
def new_run(store, outputs):
    def make() -> str:
        run_id = store.client.create_run(store.experiment_id, tags=process_tags()).info.run_id
        (outputs / "runs" / run_id).mkdir(parents=True)
        return run_id

    return make


WRITES = st.lists(st.sampled_from(["metrics", "tags", "params", "artifact", "dataset", "status"]), max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kinds=WRITES, seed=st.integers(0, 1000), share=st.sampled_from([0.0, 0.3, 0.8]), cut=st.booleans())
def test_all_that_is_put_is_in_the_store_once(store, outputs, new_run, tmp_path, kinds, seed, share, cut):
    run_id = new_run()
    flaky, folder = Flaky(store.client, seed, share), outputs / "runs" / run_id
    expected: dict[str, Any] = {"metrics": [], "tags": {}, "params": {}, "files": {}, "datasets": set(), "end": None}
    for number, kind in enumerate(kinds):
        # each time as another process, which tries at once whatever the one before it has met
        Outbox(folder, run_id, flaky, URI, 5).put(make_write(kind, number, tmp_path, expected))
        if cut and (folder / OUTBOX).exists():
            with (folder / OUTBOX).open("a") as file:
                file.write('{"write": ["metrics", {"ro')  # a kill came in the middle
    flaky.share = min(share, 0.3)
    outbox = Outbox(folder, run_id, flaky, URI, 5)
    while not outbox.flush():
        pass
    assert not (folder / OUTBOX).exists()
    assert not (folder / FILES).exists()
    run = store.client.get_run(run_id)
    history = store.client.get_metric_history(run_id, "loss") if expected["metrics"] else []
    assert sorted((m.step, m.timestamp, m.value) for m in history) == expected["metrics"]
    assert expected["tags"].items() <= run.data.tags.items()
    assert run.data.params == expected["params"]
    assert {entry.path for entry in store.client.list_artifacts(run_id)} == set(expected["files"])
    assert sorted(i.dataset.digest for i in run.inputs.dataset_inputs) == sorted(expected["datasets"])
    assert run.info.end_time == expected["end"]


def make_write(kind: str, number: int, folder: Any, expected: dict[str, Any]) -> events.Write:
    if kind == "metrics":
        expected["metrics"].append((number, 1000 * number, number / 7))
        return events.metrics([("loss", number / 7, 1000 * number, number)])
    if kind in ("tags", "params"):
        expected[kind][f"key{number}"] = str(number)
        return getattr(events, kind)({f"key{number}": str(number)})
    if kind == "artifact":
        file = folder / f"{number}.txt"
        file.write_text(str(number))
        expected["files"][file.name] = number
        return events.artifact(file)
    if kind == "dataset":
        expected["datasets"].add(f"d{number}")
        return events.dataset({"name": "x", "digest": f"d{number}", "source_type": "local", "source": "{}"}, "train")
    expected["end"] = 5000 + number
    return events.status("FINISHED", 5000 + number)


def test_a_file_is_kept_as_it_was_when_it_was_put(store, outputs, new_run, tmp_path):
    run_id = new_run()
    away = Flaky(store.client, 0, 2.0)
    outbox = Outbox(outputs / "runs" / run_id, run_id, away, URI, 5)
    (tmp_path / "x.txt").write_text("as it was")
    outbox.put(events.artifact(tmp_path / "x.txt", "notes"))
    (tmp_path / "x.txt").unlink()
    away.share = 0
    assert outbox.flush()
    assert Path(store.client.download_artifacts(run_id, "notes/x.txt")).read_text() == "as it was"


def test_metrics_of_many_epochs_go_in_few_calls(store, outputs, new_run, monkeypatch):
    run_id = new_run()
    away = Flaky(store.client, 0, 2.0)
    outbox = Outbox(outputs / "runs" / run_id, run_id, away, URI, 5)
    for epoch in range(300):
        outbox.put(events.metrics([(f"m{i}", float(i), epoch, epoch) for i in range(5)]))
    sizes = []
    real = store.client.log_batch
    monkeypatch.setattr(store.client, "log_batch", lambda *a, **k: (sizes.append(len(k["metrics"])), real(*a, **k)))
    away.share = 0
    assert outbox.flush()
    assert sizes == [1000, 500]


def test_metrics_whose_answer_was_lost_are_asked_for_and_not_sent_again(store, outputs, new_run, monkeypatch):
    run_id, calls = new_run(), []
    outbox = Outbox(outputs / "runs" / run_id, run_id, store.client, URI, 5)
    real = store.client.log_batch

    def log_batch(*args: Any, **kwargs: Any) -> None:
        calls.append([metric.key for metric in kwargs["metrics"]])
        real(*args, **kwargs)
        if len(calls) == 1:
            raise requests.ConnectionError("Connection aborted")

    monkeypatch.setattr(store.client, "log_batch", log_batch)
    outbox.put(events.metrics([("a", 1.0, 1, 1), ("nan", float("nan"), 1, 1)]))
    outbox.put(events.metrics([("a", 2.0, 2, 2)]))
    assert outbox.flush()
    assert calls == [["a", "nan"], ["a"]]


def test_what_the_store_refuses_for_good_is_raised_and_does_not_hold_up_the_rest(store, outputs, new_run):
    run_id = new_run()
    outbox = Outbox(outputs / "runs" / run_id, run_id, store.client, URI, 5)
    outbox.put(events.params({"lr": "1"}))
    with pytest.raises(Exception, match="lr"):
        outbox.put(events.params({"lr": "2"}))
    outbox.put(events.tags({"after": "yes"}))
    run = store.client.get_run(run_id)
    assert (run.data.params["lr"], run.data.tags["after"]) == ("1", "yes")
    assert not outbox.file.exists()


def test_outboxes_of_living_processes_of_other_hosts_and_of_other_stores_are_left_alone(store, outputs, new_run):
    def leave(owner: dict[str, str], uri: str = URI) -> Outbox:
        run_id = new_run()
        outbox = Outbox(outputs / "runs" / run_id, run_id, Flaky(store.client, 0, 2.0), uri, 5)
        outbox.put(events.tags({"said": "yes"}))
        text = outbox.file.read_text()
        for key, value in owner.items():
            text = text.replace(f'"{key}": "{process_tags()[key]}"', f'"{key}": "{value}"')
        outbox.file.write_text(text)
        return outbox

    dead = leave({"pid_start": "1.0"})
    kept = [leave({}), leave({"host": "elsewhere"}), leave({"pid_start": "1.0"}, "http://other.invalid")]
    at_uri = Store(store.client, URI, store.experiment_id, store.output_dir)
    assert send_left_behind(at_uri) == [dead.run_id]
    assert store.client.get_run(dead.run_id).data.tags["said"] == "yes"
    assert all(outbox.pending().writes for outbox in kept)
    assert set(send_left_behind(at_uri, of_all=True)) == {outbox.run_id for outbox in kept[1:]}
    for outbox in kept:
        store.client.set_terminated(outbox.run_id)
        outbox.file.unlink(missing_ok=True)
