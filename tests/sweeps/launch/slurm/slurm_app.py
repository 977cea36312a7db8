"""A job that takes no time, to be launched on the tests' Slurm; jobs import this by its name."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import hydra

from sweeps.launch.task import Task
from sweeps.runtime.job_context import JobContext


def main(cfg: Any, job: JobContext) -> dict[str, float]:
    from sweeps.tracking.run import EpochMetrics, tracked_run
    from sweeps.tracking.store import open_store

    store = open_store(cfg.tracking, cfg.output_dir)
    seen = [os.environ.get(name) for name in ("SLURMD_NODENAME", "CUDA_VISIBLE_DEVICES", "SLURM_CPUS_PER_TASK")]
    with tracked_run(cfg, job, "d", store) as run:
        print("begins", time.time(), *seen, "resumed" if job.resume_run_id else "new", flush=True)
        job.report(1, 4, "one of four")
        (run.folder / "last.ckpt").touch()
        act(cfg.what, Path(cfg.output_dir) / f"go-{cfg.sweep.name}-{cfg.what}")
        run.log_epochs([EpochMetrics(1, 1, {"train/loss": 1.0, "test/accuracy": cfg.seed / 10})])
        print("ends", time.time(), flush=True)
    return {"test/accuracy": cfg.seed / 10}


def act(what: str, gate: Path) -> None:
    if what == "raise":
        raise RuntimeError("it went wrong\nfor a reason")
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "once" and not gate.exists():
        gate.touch()
        raise RuntimeError("not yet")
    if what == "sleep":
        time.sleep(300)
    while what.startswith("gate") and not gate.exists():
        time.sleep(0.1)
    if what.startswith("ok"):
        time.sleep(1)


def run(folder: str) -> None:
    """Does what is in sys.argv."""
    hydra.main(version_base="1.3", config_path=folder, config_name="app")(Task(main))()
