"""Names that stand in the configurations of runs tracked before, and have moved since: the one table of aliases."""

from __future__ import annotations

from typing import Any

# What `_target_` was -> what it is. An entry stays for as long as there may be stores that hold it.
ALIASES = {
    "pose.trackers.best.BestPerson": "pose.trackers.single_person.BestPerson",  # until 0.1.0
}


def rename_targets(node: Any) -> Any:
    """Return plain dicts and lists with every renamed `_target_` replaced."""
    if isinstance(node, list):
        return [rename_targets(item) for item in node]
    if not isinstance(node, dict):
        return node
    renamed = {key: rename_targets(value) for key, value in node.items()}
    if "_target_" in renamed:
        renamed["_target_"] = ALIASES.get(renamed["_target_"], renamed["_target_"])
    return renamed
