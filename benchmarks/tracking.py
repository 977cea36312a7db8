"""What a sweep of thousands of jobs costs its store: one real run, copied row by row under one parent.

    python -m benchmarks.tracking [--runs 10000]

The copies are rows of the database, as a job of train.py leaves them, without files. Timed is what a driver does with
them when the same command is given again, and what a report reads.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import create_engine, text

import train
from sweeps.launch.plan import Plan
from sweeps.results.parent_run import summarize
from sweeps.results.runs import read_runs
from sweeps.results.table import print_sweep_table
from sweeps.tracking.recovery import mark_dead_runs
from sweeps.tracking.store import Store, open_store
from sweeps.tracking.sweep_runs import children_of

TABLES = ["runs", "params", "tags", "metrics", "latest_metrics"]


def real_sweep(folder: str) -> tuple[Store, str]:
    """A sweep of one job by train.py, of the default length on little data; its store and parent."""
    words = ["-m", "seed=0", "datamodule.frames=3000", "trainer=cpu", "model.hidden_size=8", "sweep.name=bench"]
    sys.argv = ["train.py", *words, f"output_dir={folder}", "progress=false", "tracking.log_model=never"]
    with contextlib.redirect_stdout(io.StringIO()):
        train.main()
    from omegaconf import OmegaConf

    tracking = OmegaConf.create({"uri": f"sqlite:///{folder}/mlflow.db", "experiment": "action-recognition"})
    store = open_store(tracking, folder)
    query = "tags.sweep = 'bench' and attributes.run_name = 'bench'"
    return store, store.client.search_runs([store.experiment_id], query)[0].info.run_id


def copy_run(store: Store, run_id: str, count: int) -> int:
    """Copy a run's rows under new ids; gives the rows of one run."""
    engine, rows = create_engine(store.uri), 0
    with engine.begin() as connection:
        for table in TABLES:
            columns = [row[1] for row in connection.execute(text(f"pragma table_info({table})"))]
            found = connection.execute(text(f"select count(*) from {table} where run_uuid = :run"), {"run": run_id})
            rows += int(found.scalar_one())
            names = ", ".join(f'"{column}"' for column in columns)
            values = ", ".join(":new" if column == "run_uuid" else f'"{column}"' for column in columns)
            insert = text(f"insert into {table} ({names}) select {values} from {table} where run_uuid = :run")
            connection.execute(insert, [{"new": new, "run": run_id} for new in _ids(count)])
        mark = "update tags set value = run_uuid where key in ('cell', 'cell_any_code') and run_uuid != :run"
        connection.execute(text(mark), {"run": run_id})
    engine.dispose()
    return rows


def _ids(count: int) -> Iterator[str]:
    return (uuid.uuid5(uuid.NAMESPACE_OID, str(number)).hex for number in range(count))


def timed(what: str, function: Callable[[], object]) -> None:
    begin = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        function()
    print(f"{what:60} {time.perf_counter() - begin:8.2f} s", flush=True)


def main() -> None:
    """Prints rows, bytes and seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    count = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        store, parent = real_sweep(folder)
        database = Path(folder, "mlflow.db")
        [run] = children_of(store, parent)
        files = sum(file.stat().st_size for file in Path(folder).rglob("*") if run.info.run_id in str(file))
        empty = database.stat().st_size
        rows = copy_run(store, run.info.run_id, count)
        grown = (database.stat().st_size - empty) / count
        print(f"a run: {rows} rows, {grown / 1024:.0f} KiB of the database, {files / 1024:.0f} KiB of small files")
        print(f"{count} runs: {database.stat().st_size / 2**20:.0f} MiB, on {os.cpu_count()} cores")
        timed("mark runs whose process is gone", lambda: mark_dead_runs(store))
        timed("read the runs of the sweep", lambda: children_of(store, parent))
        plan = Plan(store, parent, ignore_code=False, retry_failed=True)
        timed("find what is finished of no jobs", lambda: plan.settle([]))
        found = "and tags.cell = 'none'"
        timed("find the earlier run of one job, before it starts", lambda: children_of(store, parent, found))
        runs = read_runs(store, parent)
        timed("summary for the sweep's run", lambda: summarize(store, parent, runs.current))
        timed("table at the terminal", lambda: print_sweep_table(store, runs))


if __name__ == "__main__":
    main()
