"""The file of a study: appended to by the driver and by every job, whole whenever any of them is killed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.storages import JournalStorage


def journal_file(output_dir: Path, name: str) -> Path:
    """Where the study of a sweep lies; its folder is made."""
    folder = output_dir / "sweeps" / re.sub(r"[^\w.=-]+", "_", name)[:100]
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "study.journal"


def journal_storage(file: Path) -> JournalStorage:
    """Open a journal, and make it where there is none.

    Optuna's own locks are files that a killed process leaves behind, and others wait half a minute for; the kernel
    takes this one back.
    """
    from filelock import FileLock
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    class KernelLock(JournalFileOpenLock):
        def __init__(self) -> None:
            super().__init__(str(file))
            self._kernel = FileLock(file.with_suffix(".lock"))

        def acquire(self) -> bool:
            self._kernel.acquire()
            return True

        def release(self) -> None:
            self._kernel.release()

    lock = KernelLock()
    lock.acquire()
    try:
        _cut_off_half_line(file)
    finally:
        lock.release()
    return JournalStorage(JournalFileBackend(str(file), lock))


def _cut_off_half_line(file: Path) -> None:
    """Take away what a machine that lost its power left of a line: Optuna would read nothing after it."""
    if not file.exists():
        return
    content = file.read_bytes()
    if content and not content.endswith(b"\n"):
        with file.open("r+b") as open_file:
            open_file.truncate(content.rfind(b"\n") + 1)
