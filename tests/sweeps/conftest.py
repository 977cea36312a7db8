"""A real sqlite store for the session: a new database takes seconds."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf

from sweeps.tracking.store import Store, open_store

ROOT = Path(__file__).parents[2]


def job_config(outputs: Path, /, **changes: Any) -> DictConfig:
    """A job's config as train.py would compose it, cut down."""
    cfg = OmegaConf.create(
        {
            "model": {"_target_": "networks.LSTMClassifier", "num_layers": 3, "dropout": None},
            "optimizer": {"_target_": "torch.optim.Adam", "lr": 1e-3, "betas": [0.9, 0.999]},
            "datamodule": {"sequence_length": 9, "stride": "${.sequence_length}", "num_workers": 2},
            "tracking": {"uri": "sqlite:///${output_dir}/mlflow.db", "experiment": "test", "log_model": "best"},
            "seed": 0,
            "progress": True,
            "output_dir": str(outputs),
            "from_run": None,
            "resume": None,
            "sweep": {"name": None, "parent_run_id": None},
        }
    )
    for key, value in changes.items():
        OmegaConf.update(cfg, key.replace("__", "."), value)
    return cfg


@pytest.fixture(scope="session")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outputs")


@pytest.fixture(scope="session")
def store(outputs: Path) -> Store:
    return open_store(job_config(outputs).tracking, str(outputs))


@pytest.fixture(scope="session")
def job(outputs: Path) -> Callable[..., DictConfig]:
    """Compose a job's config; keys are changed by name, `sweep__name="x"` for a nested one."""
    return lambda **changes: job_config(outputs, **changes)


@pytest.fixture(scope="session")
def start_python() -> Callable[..., subprocess.Popen[str]]:
    """Start Python on some code, with the repository importable and Ctrl-C not ignored, as a shell would in `&`."""

    def start(code: str, *arguments: object, options: Sequence[str] = ()) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *options, "-c", code, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    return start


FORKER = """
import json, os, sys
import torch, pytorch_lightning, psutil, filelock, rich.table, hydra.main
import mlflow.store.tracking.sqlalchemy_store, mlflow.store.artifact.local_artifact_repo
for line in sys.stdin:
    order = json.loads(line)
    if "wait" in order:
        print(os.waitstatus_to_exitcode(os.waitpid(order["wait"], 0)[1]), flush=True)
        continue
    pid = os.fork()
    if pid == 0:
        for number, name in enumerate((os.devnull, order["out"], order["err"])):
            os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND), number)
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


@pytest.fixture(scope="session")
def fork_python(start_python: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Forked]]:
    """Start a process on some code, with torch, Lightning, mlflow and hydra imported already."""
    forker = start_python(FORKER)
    yield lambda code, *arguments: Forked(forker, tmp_path_factory.mktemp("forked"), code, arguments)
    forker.communicate()
