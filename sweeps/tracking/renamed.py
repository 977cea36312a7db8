"""Names that stand in the configurations of runs tracked before, and have moved since: the one table of aliases."""

from __future__ import annotations

from omegaconf import DictConfig, ListConfig

# What `_target_` was -> what it is. An entry stays for as long as there may be stores that hold it.
ALIASES = {
    "pose.trackers.best.BestPerson": "pose.trackers.single_person.BestPerson",  # until 0.1.0
}
_TARGET = "_target_"


def rename_targets(node: object) -> None:
    """Replace every renamed `_target_` in a stored config, in place."""
    if isinstance(node, ListConfig):
        for item in node._iter_ex(resolve=False):
            rename_targets(item)
    if not isinstance(node, DictConfig):
        return
    for key, value in list(node.items_ex(resolve=False)):
        if key == _TARGET and value in ALIASES:
            node[key] = ALIASES[value]
        else:
            rename_targets(value)
