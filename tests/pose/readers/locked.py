"""Folders that may not be looked into, by whoever runs the tests: for root they are opened as nobody."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NOBODY = 65_534


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """While this lasts, a folder may not be looked into.

    Args:
        folder: below which, for nobody, every folder above it may be entered.
    """
    is_root = os.geteuid() == 0
    folder.chmod(0)
    if is_root:
        os.setresuid(_NOBODY, _NOBODY, 0)  # what is saved is what one may go back to
    try:
        yield
    finally:
        if is_root:
            os.setresuid(0, 0, 0)
        folder.chmod(0o755)
