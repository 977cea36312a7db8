"""Names of classes as MLflow's metrics have them."""

from __future__ import annotations

import re


def recall_key(name: str) -> str:
    """`test/recall/falling_down` of "falling down"; this room may not import the writer's, a test compares the two."""
    return "test/recall/" + (re.sub(r"[\W_]+", "_", name.lower()).strip("_") or "_")
