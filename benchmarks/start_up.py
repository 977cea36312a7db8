"""A task that only writes down how long its process took to get to it; `benchmarks.sweeps` launches it."""

import os
import time
from pathlib import Path

from sweeps.config.limits import NO_LIMITS
from sweeps.entrypoint import entrypoint


def seconds_since_fork() -> float:
    """Age of this process, to 10 ms. (psutil's start time is off by up to a second: it adds the time of boot.)"""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


@entrypoint("train", limits=NO_LIMITS)
def main(cfg) -> None:
    """Seconds since the fork, one line a job, in the order of the jobs."""
    Path(cfg.output_dir, f"start_{cfg.seed}.txt").write_text(f"{seconds_since_fork():.3f}")


if __name__ == "__main__":
    main()
