"""What a finished run means to the search, read from the store: it is the same whoever asks, and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from sweeps.tracking.sweep_runs import PRUNED

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

_TESTED = "test/accuracy"  # its last step is the epoch that was chosen


class TrialResult(NamedTuple):
    """How a trial ended.

    Attributes:
        run_id: in the store.
        value: of the metric at the epoch that was chosen, or of the last one of a pruned trial; None without metric.
        curve: of the metric, by epoch.
        pruned: whether it ended early.
    """

    run_id: str
    value: float | None
    curve: Mapping[int, float]
    pruned: bool


def read_trial_result(client: MlflowClient, run: Run, metric: str) -> TrialResult:
    """Read how a finished run did by a metric.

    Args:
        client: of the store.
        run: FINISHED.
        metric: its name, such as ``val/loss``.
    """
    run_id, pruned = run.info.run_id, run.data.tags.get(PRUNED) == "true"
    curve = _history(client, run_id, metric) if metric in run.data.metrics else {}
    tested = _history(client, run_id, _TESTED) if _TESTED in run.data.metrics and not pruned else {}
    epoch = max(tested, default=None)
    if epoch not in curve:
        epoch = max(curve, default=None)
    return TrialResult(run_id, None if epoch is None else curve[epoch], curve, pruned)


def _history(client: MlflowClient, run_id: str, metric: str) -> dict[int, float]:
    return {point.step: point.value for point in client.get_metric_history(run_id, metric)}
