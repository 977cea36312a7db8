"""Has a sweep's driver, or a report, killed at a certain moment, as a power cut would."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.killing import after, before, die


def kill_driver_at(moment: str, seed: int, claims: str) -> None:
    """Have this process killed once.

    Args:
        moment: a key of `MOMENTS`.
        seed: draws which time, or which of several places.
        claims: folder of the sweep's claims.
    """
    draw = random.Random(f"{moment}{seed}")
    if moment == "between_claim_and_run":
        threading.Thread(target=_die_at_claim, args=(Path(claims), draw.randrange(1, 3)), daemon=True).start()
        return
    count, calls = draw.randrange(1, 4), iter(range(1, 1_000_000))
    MOMENTS[moment](lambda most=3: next(calls) == min(count, most), draw)


def _die_at_claim(folder: Path, count: int) -> None:
    """A job writes its claim, reads its data, and then makes its run: seconds later."""
    while sum(file.stem != "driver" for file in folder.glob("*.json")) < count:
        time.sleep(0.002)
    die()


def _before_the_parent(reached: Any, draw: random.Random) -> None:
    from sweeps.launch import launch

    before(launch, draw.choice(["wait_for_others", "mark_dead_runs", "opened_run"]), lambda: reached(1))


def _while_jobs_start(reached: Any, draw: random.Random) -> None:
    from sweeps.launch.local.pool import Pool

    draw.choice([before, after])(Pool, "_start", reached)


def _as_a_job_ends(reached: Any, draw: random.Random) -> None:
    from sweeps.launch.local import pool

    draw.choice([before, after])(pool, "_settle", reached)


def _in_the_last_write(reached: Any, draw: random.Random) -> None:
    from mlflow import MlflowClient

    from sweeps.launch import launch

    place = draw.randrange(4)
    if place < 2:
        [before, after][place](MlflowClient, "set_terminated", lambda: reached(1))
    else:
        before(launch, ["summarize", "print_sweep_table"][place - 2], lambda: reached(1))


def _in_the_report(reached: Any, draw: random.Random) -> None:
    from mlflow import MlflowClient

    from sweeps.report import write

    if draw.random() < 0.5:
        draw.choice([before, after])(write, "write_atomically", reached)
    else:
        draw.choice([before, after])(MlflowClient, "log_artifact", reached)


MOMENTS: dict[str, Callable[[Any, random.Random], None]] = {
    "before_the_parent": _before_the_parent,
    "while_jobs_start": _while_jobs_start,
    "as_a_job_ends": _as_a_job_ends,
    "in_the_last_write": _in_the_last_write,
    "in_the_report": _in_the_report,
}
