"""The runs of a sweep's jobs, read from the store once for all that shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sweeps.tracking.sweep_runs import children_of, current_runs, of_grid, read_grid

if TYPE_CHECKING:
    from mlflow.entities import Run

    from sweeps.tracking.store import Store


class SweepRuns(NamedTuple):
    """The runs of a sweep's jobs.

    Attributes:
        current: one a job of the latest command.
        others: how many more there are: of earlier attempts, of other cells or of other code.
    """

    current: list[Run]
    others: int


def read_runs(store: Store, parent_id: str) -> SweepRuns:
    """Read the runs of a sweep's jobs.

    Args:
        store: where they are.
        parent_id: run id of the sweep.
    """
    runs = children_of(store, parent_id)
    current = current_runs(of_grid(runs, read_grid(store.client, parent_id)))
    return SweepRuns(current, len(runs) - len(current))
