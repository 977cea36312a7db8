"""What Lightning says and measures of itself, turned down."""

from __future__ import annotations

import logging
import warnings
from contextlib import AbstractContextManager, nullcontext

from pytorch_lightning.profilers import PassThroughProfiler


def hush_lightning() -> None:
    """Keeps what Lightning says of its own workings, and what is meant as it is, off the terminal."""
    for name in ("pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    messages = (
        r".*isinstance\(treespec, LeafSpec\)",
        r"It is recommended to use `self\.log\(.*sync_dist=True",
        r"The `srun` command is available",
    )
    for message in messages:
        warnings.filterwarnings("ignore", message)


class NoProfiler(PassThroughProfiler):
    """Measures nothing, as Lightning's default does, but for less: it is asked around every hook."""

    _nothing = nullcontext()

    def profile(self, action_name: str) -> AbstractContextManager[None]:  # type: ignore[override]
        """The same empty context every time, where Lightning makes a new generator."""
        return self._nothing
