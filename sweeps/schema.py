"""Types of the root keys of conf/train.yaml, and what config files may interpolate."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, OmegaConf

PROJECT_ROOT = Path(__file__).resolve().parents[1]


@dataclass
class SelectionSchema:
    """Which epoch is tested, where there is a validation part."""

    monitor: str = "val/loss"
    mode: str = "min"


@dataclass
class SweepSchema:
    """The jobs of one multirun."""

    name: str | None = None
    parent_run_id: str | None = None
    skip_impossible: bool = False
    left_out: list[str] = field(default_factory=list)


@dataclass
class TrainSchema:
    """The root of train.py. Groups are Any: their keys are those of the option that is chosen."""

    datamodule: Any = MISSING
    model: Any = MISSING
    loss: Any = MISSING
    optimizer: Any = MISSING
    scheduler: Any = MISSING
    trainer: Any = MISSING
    tracking: Any = MISSING
    seed: int = 0
    num_threads: int | None = None
    progress: bool = True
    output_dir: str = MISSING
    from_run: str | None = None
    resume: str | None = None
    selection: SelectionSchema = field(default_factory=SelectionSchema)
    test_curve: bool = False
    sweep: SweepSchema = field(default_factory=SweepSchema)


def project_path(relative: str) -> str:
    """Resolve ${project:outputs}: an absolute path beside pyproject.toml, wherever the command was typed."""
    return str(PROJECT_ROOT / relative)


def register() -> None:
    """Make the schema known to Hydra and `${project:...}` to OmegaConf; may be called again."""
    ConfigStore.instance().store(name="train_schema", node=TrainSchema)
    OmegaConf.register_new_resolver("project", project_path, replace=True)
