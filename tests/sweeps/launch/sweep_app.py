"""A job that takes no time, to be launched as train.py is; jobs import this by its name."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import hydra

from sweeps.errors import ConfigError
from sweeps.launch.task import Task
from sweeps.runtime.job_context import JobContext


class ToldError(Exception):
    """For the user."""


def main(cfg: Any, job: JobContext) -> dict[str, float]:
    from sweeps.tracking.run import EpochMetrics, tracked_run
    from sweeps.tracking.store import open_store

    if cfg.what == "typo":
        raise ConfigError("what=typo: type what=ok")
    store = open_store(cfg.tracking, cfg.output_dir)
    with tracked_run(cfg, job, "d", store) as run:
        print(
            "in", run.run_id, cfg.sweep.name, job.parent_run_id, "resumed" if job.resume_run_id else "new", flush=True
        )
        job.report(1, 4, "one of four")
        if cfg.checkpoint:
            (run.folder / "last.ckpt").touch()
        act(cfg.what, str(cfg.output_dir))
        run.log_epochs([EpochMetrics(1, 1, {"train/loss": 1.0, "test/accuracy": cfg.seed / 10})])
    return {"test/accuracy": cfg.seed / 10}


def act(what: str, output_dir: str) -> None:
    if what == "raise":
        raise RuntimeError("it went wrong\nfor a reason")
    if what == "told":
        raise ToldError("the data has no labels")
    if what == "exit":
        sys.exit(3)
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "sleep" or (what == "sleep_once" and first_time(output_dir)):
        time.sleep(300)
    if what == "raise_once" and first_time(output_dir):
        raise RuntimeError("not yet")


def first_time(output_dir: str) -> bool:
    """Whether nobody has asked before, among the jobs that write to this folder."""
    try:
        Path(output_dir, "asked").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


TASK = Task(main, expected_errors=(ConfigError, ToldError))


def run(folder: str) -> None:
    """Does what is in sys.argv."""
    hydra.main(version_base="1.3", config_path=folder, config_name="app")(TASK)()
