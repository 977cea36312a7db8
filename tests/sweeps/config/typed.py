"""Types command lines at an entry point, in this process."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sweeps.config import schema


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


class Keyboard:
    """Types commands in an empty folder, which is also the place of outputs/."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        monkeypatch.chdir(folder)
        monkeypatch.setattr(schema, "PROJECT_ROOT", folder)

    def type(self, main: Callable[[], None], command: str) -> Ended:
        self._monkeypatch.setattr(sys, "argv", ["script.py", *shlex.split(command)])
        self._capsys.readouterr()
        status = 0
        try:
            main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        return Ended(status, *self._capsys.readouterr())

    def written(self) -> list[str]:
        """Every file and folder there is now."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))
