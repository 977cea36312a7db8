"""Redirection of what this process and its children print."""

from __future__ import annotations

import os
import sys


def write_to(log: str) -> None:
    """Append stdout and stderr of this process, its own children included, to a file."""
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    for number in (1, 2):
        os.dup2(target, number)
    os.close(target)
    # In a driver inside a test or a notebook, the streams may not be the process's own.
    sys.stdout = open(1, "w", buffering=1, closefd=False, encoding="utf-8")  # noqa: SIM115  # a descriptor
    sys.stderr = open(2, "w", buffering=1, closefd=False, encoding="utf-8")  # noqa: SIM115
