"""Processes of the tests' own that start at once, since one before them has imported what takes long."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FORKER = (Path(__file__).parent / "programs/forker.py").read_text()


class Forked:
    """A process with much imported already, which is most of the time that one takes; used like a Popen."""

    def __init__(self, forker: subprocess.Popen[str], folder: Path, code: str, arguments: Sequence[object]) -> None:
        self._forker, self._out, self._err = forker, folder / "out", folder / "err"
        order = {"code": code, "arguments": [*map(str, arguments)], "out": str(self._out), "err": str(self._err)}
        # As it is now: the forker began before the tests' Slurm was there.
        order["environment"] = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
        self.pid = self._ask(order)
        self._seen = 0

    def _ask(self, order: dict[str, Any]) -> int:
        print(json.dumps(order), file=self._forker.stdin, flush=True)
        return int(self._forker.stdout.readline())

    def readline(self, timeout: float = 60) -> str:
        """Wait for the next whole line that it prints."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            lines = self._out.read_text().splitlines(keepends=True) if self._out.exists() else []
            if len(lines) > self._seen and lines[self._seen].endswith("\n"):
                self._seen += 1
                return lines[self._seen - 1]
            time.sleep(0.02)
        raise TimeoutError(self._err.read_text())

    def communicate(self) -> tuple[int, str, str]:
        """Wait for its end: exit status (as subprocess has it), and all that it wrote to stdout and stderr."""
        return self._ask({"wait": self.pid}), self._out.read_text(), self._err.read_text()
