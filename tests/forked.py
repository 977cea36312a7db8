"""Processes of the tests' own that start at once, since one before them has imported what takes long."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FORKER = """
import json, os, sys
import torch, pytorch_lightning, psutil, filelock, rich.table, hydra.main
import torchmetrics.classification, matplotlib.backends.backend_agg, matplotlib.figure
import mlflow.store.tracking.sqlalchemy_store, mlflow.store.artifact.local_artifact_repo
from multiprocessing import forkserver
from sweeps.launch.local.pool import start_forkserver
start_forkserver()  # one for all: what is forked here would each start its own
for line in sys.stdin:
    order = json.loads(line)
    if "wait" in order:
        print(os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1]), flush=True)
        continue
    pid = os.fork()
    if pid == 0:
        forkserver.ensure_running = forkserver._forkserver.ensure_running = lambda: None
        for number, name in enumerate((os.devnull, order["out"], order["err"])):
            os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND), number)
        os.environ.clear()
        os.environ.update(order["environment"])
        sys.argv = ["app.py", *order["arguments"]]
        exec(compile(order["code"], "<app.py>", "exec"), {"__name__": "__main__"})
        sys.exit()
    print(pid, flush=True)
"""


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
