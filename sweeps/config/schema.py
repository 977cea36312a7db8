"""Types of the root keys of the files in conf/, and what config files may interpolate."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf

PROJECT_ROOT = Path(__file__).resolve().parents[2]


@dataclass
class SelectionSchema:
    """Which epoch is tested, where there is a validation part."""

    monitor: str = "val/loss"
    mode: str = "min"


@dataclass
class SweepSchema:
    """The jobs of one multirun."""

    name: str | None = None
    retry_failed: bool = True
    max_retries: int = 0
    fail_fast: bool = False
    ignore_code: bool = False
    skip_impossible: bool = False
    tuned: list[str] = field(default_factory=list)


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
    pose: Any = None
    from_run: str | None = None
    resume: str | None = None
    selection: SelectionSchema = field(default_factory=SelectionSchema)
    test_curve: bool = False
    sweep: SweepSchema = field(default_factory=SweepSchema)


@dataclass
class ReportedSweepSchema:
    """Which sweep is reported."""

    name: str = MISSING


@dataclass
class ReportSchema:
    """The root of report.py."""

    tracking: Any = MISSING
    sweep: ReportedSweepSchema = field(default_factory=ReportedSweepSchema)
    output_dir: str = MISSING
    metric: str = "test/accuracy"
    tuned: list[str] | None = None
    confidence: float = 0.95
    effect: float = 3.0
    resamples: int = 10_000


@dataclass
class ExtractedSweepSchema:
    """The shards of one multirun."""

    name: str | None = None
    retry_failed: bool = True
    max_retries: int = 0
    fail_fast: bool = False
    ignore_code: bool = True
    repeat_finished: bool = True


@dataclass
class ExtractSchema:
    """The root of extract.py."""

    path: str = MISSING
    pose: Any = MISSING
    tracking: Any = MISSING
    store: str = MISSING
    shard: int = 0
    num_shards: int = 1
    num_threads: int | None = None
    output_dir: str = MISSING
    sweep: ExtractedSweepSchema = field(default_factory=ExtractedSweepSchema)


@dataclass
class CompareSchema:
    """The root of compare.py."""

    path: str = MISSING
    annotations: str = MISSING
    estimators: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    pose: Any = MISSING
    tracking: Any = MISSING
    boxes: str = "detector"
    pck: str = "auto"
    pck_fraction: float | None = None
    min_score: float = 0.3
    people_per_batch: int = 32
    frames_per_batch: int = 8
    num_threads: int | None = None
    output_dir: str = MISSING


def project_path(relative: str) -> str:
    """Resolve ${project:outputs}: an absolute path beside pyproject.toml, wherever the command was typed."""
    return str(PROJECT_ROOT / relative)


def _with_tables(root: type, *tables: str) -> DictConfig:
    """Let a user add keys to some of a root's dicts without a `+`."""
    config: DictConfig = OmegaConf.structured(root)
    for table in tables:
        OmegaConf.set_struct(config[table], False)
    return config


def register() -> None:
    """Make the schema known to Hydra and `${project:...}` to OmegaConf; may be called again."""
    ConfigStore.instance().store(name="train_schema", node=TrainSchema)
    ConfigStore.instance().store(name="report_schema", node=ReportSchema)
    ConfigStore.instance().store(name="extract_schema", node=ExtractSchema)
    ConfigStore.instance().store(name="compare_schema", node=_with_tables(CompareSchema, "files", "settings"))
    OmegaConf.register_new_resolver("project", project_path, replace=True)
