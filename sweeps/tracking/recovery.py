"""The end of runs whose process has gone."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from sweeps.runtime.process import is_alive

if TYPE_CHECKING:
    from mlflow.entities import Run

    from sweeps.tracking.store import Store


def _last_sign_of_life(store: Store, run: Run) -> int:
    """Return the time in ms since 1970 of the run's last metric, or now where it has none."""
    times = [m.timestamp for key in run.data.metrics for m in store.client.get_metric_history(run.info.run_id, key)]
    return max(times, default=int(time.time() * 1000))


def end_dead_run(store: Store, run: Run) -> None:
    """Set a run to KILLED whose process has gone, at the time of its last metric."""
    store.client.set_terminated(run.info.run_id, "KILLED", _last_sign_of_life(store, run))


def mark_dead_runs(store: Store) -> list[str]:
    """Set those RUNNING runs of this host to KILLED whose process has gone, in every experiment of the store.

    First of all what such processes had still to say is sent, where the store had gone away: it may be their end.

    Returns:
        The ids of the runs that were marked.
    """
    from sweeps.tracking.send import send_left_behind

    send_left_behind(store)
    experiments = [e.experiment_id for e in store.client.search_experiments()]
    query = f"attributes.status = 'RUNNING' and tags.host = '{socket.gethostname()}'"
    running = store.client.search_runs(experiments, query, max_results=1000)
    dead = [r for r in running if "pid_start" in r.data.tags and not is_alive(r.data.tags)]
    for run in dead:
        end_dead_run(store, run)
    return [run.info.run_id for run in dead]
