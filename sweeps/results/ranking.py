"""Which of a sweep's jobs is the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sweeps.tracking.sweep_runs import is_done

if TYPE_CHECKING:
    from mlflow.entities import Run

BEST = "best/"  # before the name of the metric that chose a run's epoch: `best/val/loss`
FALLBACK = "test/accuracy"
_LOWER_IS_BETTER = "loss"


class Ranking(NamedTuple):
    """How the jobs of a sweep did by one metric.

    Attributes:
        metric: its name.
        values: by run id, the best first.
    """

    metric: str
    values: Mapping[str, float]


def deciding_metric(runs: Sequence[Run]) -> str:
    """Return the metric that a sweep's jobs are ranked by.

    It is the validation metric of whose best epoch all finished runs have a value, so that the choice does not flatter
    the test values beside it; without one it is test accuracy.
    """
    of_each = [{key for key in run.data.metrics if key.startswith(BEST)} for run in runs if is_done(run)]
    return min(set.intersection(*of_each) if of_each else set(), default=FALLBACK)


def ranked(runs: Sequence[Run], ranking: Ranking | None = None) -> list[Run]:
    """Sort runs, the best first; those without a value of the deciding metric, not finished or pruned, come last.

    Args:
        runs: of a sweep's jobs.
        ranking: that of a search, which comes before the deciding metric.
    """
    metric = deciding_metric(runs)
    sign = 1 if metric.endswith(_LOWER_IS_BETTER) else -1
    places = {run_id: place for place, run_id in enumerate(ranking.values if ranking else ())}

    def key(run: Run) -> tuple[int, bool, bool, float]:
        value = run.data.metrics.get(metric)
        return places.get(run.info.run_id, len(places)), not is_done(run), value is None, sign * (value or 0.0)

    return sorted(runs, key=key)


def rank(runs: Sequence[Run]) -> Ranking:
    """Rank the finished runs by the deciding metric."""
    metric = deciding_metric(runs)
    finished = [run for run in ranked(runs) if is_done(run) and metric in run.data.metrics]
    return Ranking(metric, {run.info.run_id: run.data.metrics[metric] for run in finished})
