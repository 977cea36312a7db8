"""A job of four epochs that takes no time, to be searched; jobs import this by its name."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import hydra

from sweeps.runtime.job_context import JobContext

EPOCHS = 4


def main(cfg: Any, job: JobContext) -> dict[str, float]:
    from sweeps.search.pruning import TrialPruner
    from sweeps.tracking.run import EpochMetrics, tracked_run
    from sweeps.tracking.store import open_store
    from sweeps.tracking.sweep_runs import PRUNED, PRUNED_EPOCH

    store = open_store(cfg.tracking, cfg.output_dir)
    pruner = TrialPruner(job.trial)
    with tracked_run(cfg, job, "d", store) as run:
        print("ran", run.run_id, flush=True)
        if cfg.what == "raise" or (cfg.what == "raise_once" and first_time(cfg.output_dir)):
            raise RuntimeError("it went wrong")
        if cfg.what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        rows = []
        for epoch in range(1, EPOCHS + 1):
            values = {"val/loss": (cfg.x - 0.3) ** 2 + 1 / epoch, "train/loss": 1.0}
            rows.append(EpochMetrics(epoch, epoch, values))
            run.log_epochs(rows)
            if cfg.what == "sleep_once" and job.trial.number == 2 and first_time(cfg.output_dir):
                time.sleep(300)
            stop = pruner.should_stop([row._asdict() for row in rows])
            if stop and epoch < EPOCHS:
                run.set_tags({PRUNED: "true", PRUNED_EPOCH: str(epoch)})
                return {}
        run.log_epochs([EpochMetrics(2, EPOCHS, {"test/accuracy": cfg.x})])  # the second epoch was chosen
    return {"test/accuracy": cfg.x}


def first_time(output_dir: str) -> bool:
    """Whether nobody has asked before, among the jobs that write to this folder."""
    try:
        os.close(os.open(Path(output_dir, "asked_of_search"), os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


def run(folder: str) -> None:
    """Does what is in sys.argv."""
    hydra.main(version_base="1.3", config_path=folder, config_name="app")(main)()


if __name__ == "__main__":
    run(sys.argv.pop(1))
