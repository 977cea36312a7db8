"""What all tests share. One real sqlite store for the session: a new database takes seconds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from sweeps.tracking.store import Store, open_store
from tests.forked import FORKER, Forked
from tests.helpers import Typist, write_pyskl
from tests.servers import MlflowServer

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def signals_as_in_a_terminal() -> None:
    """Under nohup, or in a shell's background, signals that the tests send would be ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outputs")


@pytest.fixture(scope="session")
def store(outputs: Path) -> Store:
    tracking = OmegaConf.create({"uri": f"sqlite:///{outputs}/mlflow.db", "experiment": "test"})
    return open_store(tracking, str(outputs))


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


@pytest.fixture(scope="session")
def fork_python(start_python: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Forked]]:
    """Start a process on some code, with torch, Lightning, mlflow and hydra imported already."""
    forker = start_python(FORKER)
    yield lambda code, *arguments: Forked(forker, tmp_path_factory.mktemp("forked"), code, arguments)
    forker.kill()
    forker.communicate()


@pytest.fixture(scope="session")
def typist(outputs: Path, store: Store) -> Typist:
    return Typist(outputs, store)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    """One MLflow server for the session; whoever stops it starts it again."""
    running = MlflowServer(tmp_path_factory.mktemp("server"))
    running.start()
    yield running
    running.close()


@pytest.fixture(scope="session")
def pyskl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pyskl(tmp_path_factory.mktemp("pyskl") / "little.pkl")
