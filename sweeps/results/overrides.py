"""What was typed for the jobs of a sweep: by key, where they differ, and how a key is called in a table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow.entities import Run


def overrides_by_key(run: Run) -> dict[str, str]:
    """Return what was typed for a job, by key."""
    typed = json.loads(run.data.tags.get("overrides", "[]"))
    return {key.lstrip("+"): value for key, _, value in (override.partition("=") for override in typed)}


def differing(jobs: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the keys whose values are not the same in all jobs."""
    keys = dict.fromkeys(key for job in jobs for key in job)
    return [key for key in keys if len({job.get(key) for job in jobs}) > 1]


def short_names(keys: Sequence[str]) -> list[str]:
    """Shorten dotted keys for people to their last part, where that names one of them only: "num layers"."""
    lasts = [key.replace("/", ".").rpartition(".")[2] for key in keys]
    names = [last if lasts.count(last) == 1 else key for key, last in zip(keys, lasts, strict=True)]
    return [name.replace("_", " ") for name in names]
