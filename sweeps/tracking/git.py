"""The code's version, asked of git once a process."""

from __future__ import annotations

import functools
import os
import subprocess
from pathlib import Path


@functools.cache
def git_tags(folder: Path = Path(__file__).parents[2]) -> dict[str, str]:
    """Give the commit that `folder` is at, and whether it has changes that are not committed; nothing without git."""
    command = ["git", "-C", str(folder), "status", "--porcelain=v2", "--branch"]
    # without the lock a `git commit` that the user types meanwhile is not refused
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
