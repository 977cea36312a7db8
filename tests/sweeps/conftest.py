"""A job's config, for tests of what is done with one; the store and processes are those of tests/conftest.py."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from omegaconf import DictConfig, OmegaConf


@pytest.fixture(scope="session")
def job(outputs: Path) -> Callable[..., DictConfig]:
    """Compose a job's config, cut down; keys are changed by name, `sweep__name="x"` for a nested one."""

    def compose(**changes: Any) -> DictConfig:
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
                "sweep": {"name": None},
            }
        )
        for key, value in changes.items():
            OmegaConf.update(cfg, key.replace("__", "."), value)
        return cfg

    return compose
