"""Which of a sweep's jobs is the best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sweeps.tracking.sweep_runs import is_done

if TYPE_CHECKING:
    from mlflow.entities import Run

BEST = "best/"  # before the name of the metric that chose a run's epoch: `best/val/loss`
FALLBACK = "test/accuracy"
_LOWER_IS_BETTER = "loss"


def deciding_metric(runs: Sequence[Run]) -> str:
    """Give the metric that a sweep's jobs are ranked by.

    It is the validation metric of whose best epoch all finished runs have a value, so that the choice does not flatter
    the test values beside it; without one it is test accuracy.
    """
    of_each = [{key for key in run.data.metrics if key.startswith(BEST)} for run in runs if is_done(run)]
    return min(set.intersection(*of_each) if of_each else set(), default=FALLBACK)


def ranked(runs: Sequence[Run], metric: str) -> list[Run]:
    """Sort runs, the best first; those without a value of the metric, not finished or pruned, come last."""
    sign = 1 if metric.endswith(_LOWER_IS_BETTER) else -1

    def key(run: Run) -> tuple[bool, bool, float]:
        value = run.data.metrics.get(metric)
        return not is_done(run), value is None, sign * (value or 0.0)

    return sorted(runs, key=key)
