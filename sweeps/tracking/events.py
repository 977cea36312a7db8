"""What can be written to a run, as plain values: sent at once, or kept in a journal and sent later."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from mlflow import MlflowClient

METRICS_PER_CALL = 1000  # that the store takes in one request; MLflow's client splits what is longer
_DATASET_TRIES = 5


class Write(NamedTuple):
    """One write to a run.

    Attributes:
        kind: a key of `_SENDERS`.
        content: plain values; files by their paths.
    """

    kind: str
    content: dict[str, Any]


def metrics(rows: Sequence[tuple[str, float, int, int]]) -> Write:
    """Return a write of metrics: name, value, time in ms since 1970, step."""
    return Write("metrics", {"rows": [list(row) for row in rows]})


def params(values: Mapping[str, str]) -> Write:
    """Return a write of params."""
    return Write("params", {"values": dict(values)})


def tags(values: Mapping[str, str]) -> Write:
    """Return a write of tags."""
    return Write("tags", {"values": {key: str(value) for key, value in values.items()}})


def without_tag(key: str) -> Write:
    """Return a write that deletes a tag."""
    return Write("without_tag", {"key": key})


def status(name: str, end_time: int | None = None) -> Write:
    """Return a write of the status: RUNNING or, with a time in ms since 1970, the one that the run ended with."""
    return Write("status", {"name": name, "end_time": end_time})


def artifact(file: Path, folder: str | None = None) -> Write:
    """Return a write of a file, to a folder of the run's artifacts."""
    return Write("artifact", {"file": str(file), "folder": folder})


def model(saved: Path, name: str) -> Write:
    """Return a write of a saved model: a folder with an MLmodel file."""
    return Write("model", {"file": str(saved), "name": name})


def dataset(values: Mapping[str, str], context: str) -> Write:
    """Return a write of a dataset that the run used: MLflow's fields of it, and its role: train, val or test."""
    return Write("dataset", {"values": dict(values), "context": context})


def send(client: MlflowClient, run_id: str, write: Write, *, is_retry: bool) -> None:
    """Send a write to the store.

    Args:
        client: MLflow's own.
        run_id: of the run.
        write: what to send.
        is_retry: an earlier request may have been carried out: what is not idempotent is looked for first.
    """
    _SENDERS[write.kind](client, run_id, is_retry, **write.content)


def _send_metrics(client: MlflowClient, run_id: str, is_retry: bool, rows: Sequence[Sequence[Any]]) -> None:
    from mlflow.entities import Metric

    new = [Metric(key, float(value), int(time_ms), int(step)) for key, value, time_ms, step in rows]
    if is_retry:
        kept = client.get_run(run_id).data.metrics.keys() & {metric.key for metric in new}
        there = {(m.key, m.step, m.timestamp) for key in kept for m in client.get_metric_history(run_id, key)}
        new = [metric for metric in new if (metric.key, metric.step, metric.timestamp) not in there]
    client.log_batch(run_id, metrics=new)


def _send_params(client: MlflowClient, run_id: str, _is_retry: bool, values: Mapping[str, str]) -> None:
    from mlflow.entities import Param

    client.log_batch(run_id, params=[Param(key, value) for key, value in values.items()])


def _send_tags(client: MlflowClient, run_id: str, _is_retry: bool, values: Mapping[str, str]) -> None:
    from mlflow.entities import RunTag

    client.log_batch(run_id, tags=[RunTag(key, value) for key, value in values.items()])


def _send_without_tag(client: MlflowClient, run_id: str, is_retry: bool, key: str) -> None:
    if not is_retry or key in client.get_run(run_id).data.tags:
        client.delete_tag(run_id, key)


def _send_status(client: MlflowClient, run_id: str, _is_retry: bool, name: str, end_time: int | None) -> None:
    if end_time is None:
        client.update_run(run_id, status=name)
    else:
        client.set_terminated(run_id, name, end_time)


def _send_artifact(client: MlflowClient, run_id: str, _is_retry: bool, file: str, folder: str | None) -> None:
    client.log_artifact(run_id, file, folder)


def _send_dataset(client: MlflowClient, run_id: str, _is_retry: bool, values: Mapping[str, str], context: str) -> None:
    from mlflow.entities import Dataset, DatasetInput, InputTag
    from mlflow.exceptions import MlflowException

    inputs = [DatasetInput(Dataset(**values), [InputTag("mlflow.data.context", context)])]
    for number in range(_DATASET_TRIES):
        try:
            client.log_inputs(run_id, inputs)
            return
        except MlflowException as error:
            # MLflow looks for the dataset, then makes it: another job of the sweep can make it in between
            if number == _DATASET_TRIES - 1 or not re.search("unique", str(error), re.IGNORECASE):
                raise


def _send_model(
    client: MlflowClient, run_id: str, is_retry: bool, file: str, name: str, token: str | None = None
) -> None:
    from sweeps.tracking.logged_model import send_model

    send_model(client, run_id, Path(file), name, token=token, is_retry=is_retry)


_SENDERS: dict[str, Callable[..., None]] = {
    "metrics": _send_metrics,
    "params": _send_params,
    "tags": _send_tags,
    "without_tag": _send_without_tag,
    "status": _send_status,
    "artifact": _send_artifact,
    "dataset": _send_dataset,
    "model": _send_model,
}
