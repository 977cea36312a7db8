"""The commit, script and user that a run comes from. Git is called once a process."""

from __future__ import annotations

import contextlib
import functools
import getpass
import os
import subprocess
import sys
from pathlib import Path


def source_tags() -> dict[str, str]:
    """Return `git_tags` and what MLflow's table of runs shows as source and user."""
    script = Path(sys.argv[0]).name
    tags = {"mlflow.source.name": script, "mlflow.source.type": "LOCAL"} if script else {}
    with contextlib.suppress(OSError, KeyError):  # a container's user without a name
        tags["mlflow.user"] = getpass.getuser()
    return {**tags, **git_tags()}


@functools.cache
def git_tags(folder: Path = Path(__file__).parents[2]) -> dict[str, str]:
    """Return the commit of `folder`, and whether it has uncommitted changes; nothing outside a git repository."""
    command = ["git", "-C", str(folder), "status", "--porcelain=v2", "--branch"]
    # a lock would make a `git commit` fail that the user types meanwhile
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, env=environment, check=True)
    except (OSError, subprocess.SubprocessError):
        return {}
    lines = done.stdout.splitlines()
    commit = next((line.split()[-1] for line in lines if line.startswith("# branch.oid ")), "(initial)")
    if commit == "(initial)":
        return {}
    dirty = any(not line.startswith("#") for line in lines)
    return {"mlflow.source.git.commit": commit, "git_commit": commit, "git_dirty": str(dirty).lower()}
