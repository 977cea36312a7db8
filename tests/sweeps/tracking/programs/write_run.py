"""Write a run beside other processes that write theirs: URI FOLDER NAME; begins once the file FOLDER/go exists."""

import sys
from pathlib import Path

from omegaconf import OmegaConf

from sweeps.tracking.lifecycle import opened_run
from sweeps.tracking.run import EpochMetrics, TrackedRun
from sweeps.tracking.store import open_store

uri, folder, name = sys.argv[1:]
store = open_store(OmegaConf.create({"uri": uri, "experiment": "many", "patience": 60}), folder)
with opened_run(store, name=name, tags={"writer": name}, params={"name": name}) as opened:
    run = TrackedRun(store, opened.run_id, name)
    print("open", flush=True)
    while not Path(folder, "go").exists():
        pass
    for number in range(30):  # the same for all writers, which race to make each
        run.log_dataset("data", str(number), "train", {}, "made")
    for epoch in range(1, 31):
        run.log_epochs([EpochMetrics(epoch, 1000 * epoch, {f"m{i}": epoch + i / 7 for i in range(20)})])
    run.log_table([{"name": name}], "table.csv")
