"""Turn down what Lightning says of itself."""

from __future__ import annotations

import logging
import warnings


def hush_lightning() -> None:
    """Silence what Lightning says of its own workings, and its advice against what is meant as it is."""
    for name in ("pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    messages = (
        r".*isinstance\(treespec, LeafSpec\)",
        r"It is recommended to use `self\.log\(.*sync_dist=True",
        r"The `srun` command is available",
    )
    for message in messages:
        warnings.filterwarnings("ignore", message)
