"""A script that says when its function has started, and then sleeps; `test_entrypoint.py` interrupts it."""

import time

from omegaconf import DictConfig

from sweeps.config.limits import NO_LIMITS
from sweeps.entrypoint import entrypoint


@entrypoint("train", limits=NO_LIMITS)
def main(cfg: DictConfig) -> None:
    """One job."""
    print("started", flush=True)
    time.sleep(30)


if __name__ == "__main__":
    main()
