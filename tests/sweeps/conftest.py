"""A real sqlite store for the session: a new database takes seconds."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
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
