"""The keys of conf/hydra/sweeper/optuna.yaml, which explains them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from sweeps.config.catalog import Names
from sweeps.config.constraints import Rule, one_of, optional, whole
from sweeps.config.messages import listed, nearest
from sweeps.config.relations import METRICS
from sweeps.config.search_space import Numbers, Space
from sweeps.config.unused_keys import is_baseline
from sweeps.config.validate import SEED, wrong_value
from sweeps.errors import ConfigError

SWEEPER = "hydra_plugins.optuna_sweeper.OptunaSweeper"
NODE = "hydra.sweeper"
# What a search may go by: never the test part, which would then have chosen what it is to judge.
SEARCHED = METRICS | {name.replace("val/", "train/"): mode for name, mode in METRICS.items()}
RULES: dict[str, Rule] = {
    "n_trials": whole(1),
    "n_jobs": optional(whole(1)),
    "direction": one_of("min", "max"),
    "sampler": one_of("tpe", "random", "gp"),
    "seed": SEED,
    "pruner": one_of("median", "hyperband", "none"),
    "startup_trials": whole(1),
    "warmup_epochs": whole(1),
}


@dataclass(frozen=True)
class Settings:
    """How a search is done."""

    n_trials: int = 20
    n_jobs: int | None = None
    metric: str = "val/loss"
    direction: str = "min"
    sampler: str = "tpe"
    seed: int = 0
    pruner: str = "median"
    startup_trials: int = 5
    warmup_epochs: int = 3

    @classmethod
    def of(cls, node: DictConfig) -> Settings:
        """Read and check the node ``hydra.sweeper``.

        Raises:
            ConfigError: a value is impossible; says what to type.
        """
        values: Any = OmegaConf.to_container(node, resolve=True)
        settings = cls(**{field.name: values[field.name] for field in fields(cls)})
        for name, rule in RULES.items():
            if not rule.holds(getattr(settings, name)):
                raise wrong_value(f"{NODE}.{name}", getattr(settings, name), getattr(cls, name), rule)
        settings._check_metric()
        return settings

    def _check_metric(self) -> None:
        key, metric = f"{NODE}.metric", self.metric
        if metric not in SEARCHED:
            near = nearest(str(metric).replace("test/", "val/"), SEARCHED) or "val/loss"
            why = (
                "the test part judges what was found, it must not choose it"
                if str(metric).startswith("test/")
                else f"must be {listed(SEARCHED)}"
            )
            advice = f"{key}={near} {NODE}.direction={SEARCHED[near]}"
            raise ConfigError(f"{key}={metric}: {why}; type {advice}")
        if self.direction != SEARCHED[metric]:
            raise ConfigError(
                f"{NODE}.direction={self.direction}: finds the worst by {metric}; "
                f"type {NODE}.direction={SEARCHED[metric]}"
            )

    def check_job(self, config: DictConfig) -> None:
        """Refuse a job that would not have the metric.

        Raises:
            ConfigError: it has no validation part, or a model without losses.
        """
        split = OmegaConf.select(config, "datamodule.split") or {}
        has_validation = bool(split.get("val_fraction") or split.get("val"))
        key, metric = f"{NODE}.metric", self.metric
        if split and metric.startswith("val/") and not has_validation:
            raise ConfigError(
                f"{key}={metric}: there is no validation part; type datamodule.split.val_fraction=0.15"
                f"{' test_curve=false' if config.get('test_curve') else ''}"
            )
        if is_baseline(config) and str(config.model._target_).endswith(".SVM") and metric.endswith("/loss"):
            other = metric.replace("loss", "accuracy")
            raise ConfigError(
                f"{key}={metric}: model=svm has no loss; type {key}={other} {NODE}.direction={SEARCHED[other]}"
            )


LAUNCHERS = "hydra_plugins."  # those that launch by sweeps.launch.launch, and so keep a search under one run


def corners(overrides: Sequence[Override], names: Names) -> list[list[str]]:
    """Give the jobs by which a search is checked.

    Args:
        overrides: of the search, parsed.
        names: what is in conf/.

    Raises:
        ConfigError: something cannot be searched, or nothing varies.
    """
    space = Space.of(overrides)
    for key in space.varied:
        default = names.keys.get(key.key)
        if isinstance(key, Numbers) and not key.whole and key.step is None and _is_whole(default):
            interval = f"interval({key.low:g},{key.high:g})"
            typed, mended = (f"tag(log,{call})" if key.log else call for call in (interval, f"int({interval})"))
            advice = shlex.quote(f"{key.key}={mended}")
            raise ConfigError(f"{key.key}={typed}: takes whole numbers; type {advice}")
    return list(space.corners(names.is_group))


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def check_search(hydra: DictConfig, jobs: Sequence[DictConfig]) -> None:
    """Refuse a search that could not be carried out; do nothing where the sweep is a grid.

    Args:
        hydra: Hydra's part of the sweep's config.
        jobs: at the corners of its space.

    Raises:
        ConfigError: a setting is impossible, the launcher is none of ours, or jobs would not have the metric.
    """
    if hydra.sweeper._target_ != SWEEPER:
        return
    settings = Settings.of(hydra.sweeper)
    if not str(hydra.launcher._target_).startswith(LAUNCHERS):
        option = hydra.runtime.choices.get("hydra/launcher")
        raise ConfigError(f"hydra/launcher={option}: tracks no search; type hydra/launcher=local")
    for job in jobs:
        settings.check_job(job)
        if OmegaConf.select(job, "sweep.skip_impossible"):
            raise ConfigError(
                "sweep.skip_impossible=true: a search leaves nothing of its space out; type sweep.skip_impossible=false"
            )
