"""A task that only writes down how long its process took to get to it; `benchmarks.sweeps` launches it."""

import time
from pathlib import Path

import psutil

from sweeps.door import door


@door("train")
def main(cfg) -> None:
    """Seconds since the fork, one line a job, in the order of the jobs."""
    seconds = time.time() - psutil.Process().create_time()
    Path(cfg.output_dir, f"start_{cfg.seed}.txt").write_text(f"{seconds:.3f}")


if __name__ == "__main__":
    main()
