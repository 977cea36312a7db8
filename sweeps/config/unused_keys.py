"""Settings that nothing has a use for: refused, rather than read and ignored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from omegaconf import DictConfig, OmegaConf

from sweeps.config.compose import Group
from sweeps.errors import ConfigError

BASELINES = "lightning_modules.baselines."  # fitted at once, on the CPU, in one process
UNUSED = (
    "optimizer",
    "scheduler",
    "trainer",
    "selection",
    "loss.label_smoothing",
    "datamodule.batch_size",
    "datamodule.loader",
    "datamodule.num_workers",
    "datamodule.pin_memory",
)
WHOLE_PICTURES = "pose.openmmlab.whole_picture."  # estimators that find everybody without boxes
UNUSED_WITHOUT_BOXES = ("pose.detector", "pose.detect_every", "pose.frames_per_batch", "boxes", "frames_per_batch")
UNUSED_WITHOUT_ESTIMATORS = ("pose", "boxes", "people_per_batch", "frames_per_batch", "num_threads")
TRUE_ANYWAY = ("trainer=cpu", "trainer=auto", "trainer.accelerator=cpu", "trainer.accelerator=auto")


class Job(NamedTuple):
    """One job of a command.

    Attributes:
        config: what it comes to, without Hydra's own part.
        overrides: what was typed for it, or set by the preset of a sweep.
    """

    config: DictConfig
    overrides: list[str]


def is_baseline(config: DictConfig) -> bool:
    """Whether the config's model is one of scikit-learn, and no network."""
    return str(OmegaConf.select(config, "model._target_")).startswith(BASELINES)


def check_unused(jobs: Sequence[Job]) -> None:
    """Refuse overrides that only a network would use, and a detector where the estimator needs none.

    Where networks are among the jobs, what all jobs share may be meant for those.

    Raises:
        ConfigError: no job uses an override, or it makes two jobs of a baseline the same.
    """
    _check_boxes(jobs)
    _check_compared(jobs)
    baselines = [job for job in jobs if is_baseline(job.config)]
    seen: dict[tuple[str, ...], list[str]] = {}
    for job in baselines:
        unused = [line for line in job.overrides if _is_unused(line)]
        if unused and len(baselines) == len(jobs):
            raise ConfigError(f"{unused[0]}: {_name(job)} does not use it, it is no network; leave it out")
        used = tuple(line for line in job.overrides if line not in unused)
        twice = [line for line in unused if line not in seen.setdefault(used, unused)]
        if twice:
            raise ConfigError(
                f"{twice[0]}: {_name(job)} does not use it, its jobs would be the same twice; "
                f"type two commands, one without {_name(job)} and one with it alone"
            )


def _check_boxes(jobs: Sequence[Job]) -> None:
    """Refuse a choice of detector where no job's estimator takes boxes."""
    lines = [line for job in jobs[:1] for line in job.overrides if _is_about(line, UNUSED_WITHOUT_BOXES)]
    if not lines:
        return
    targets = [target for job in jobs for target in _estimators(job.config)]
    if targets and all(target.startswith(WHOLE_PICTURES) for target in targets):
        who = "this pose/estimator finds" if len(targets) == 1 else "each pose/estimator here finds"
        raise ConfigError(f"{lines[0]}: {who} everybody without a detector; leave it out")


def _estimators(config: DictConfig) -> list[str]:
    """What is called for the estimator, or for each that compare.py is to compare; "" for what is not known."""
    names = OmegaConf.select(config, "estimators")
    if names is None:
        return [str(OmegaConf.select(config, "pose.estimator._target_"))]
    group = Group("pose/estimator", "estimators")
    options = [str(getattr(config.settings.get(name), "option", name)) for name in names]
    return [
        str(group.compose(option, {}, config)["_target_"]) if option in group.options else ""  # the door refuses it
        for option in options
    ]


def _check_compared(jobs: Sequence[Job]) -> None:
    """Refuse what compare.py does not use: a detector beside annotated boxes, and all of it where only files are."""
    for job in jobs:
        estimators, boxes = (OmegaConf.select(job.config, key) for key in ("estimators", "boxes"))
        if estimators is None:  # another door
            return
        for line in job.overrides:
            if not estimators and _is_about(line, UNUSED_WITHOUT_ESTIMATORS):
                raise ConfigError(f"{line}: only files are compared, and no estimator uses it; leave it out")
            if boxes == "annotated" and _is_about(line, ("pose.detector",)):
                raise ConfigError(f"{line}: boxes=annotated takes the place of the detector; leave one of them out")


def _is_unused(line: str) -> bool:
    return line not in TRUE_ANYWAY and _is_about(line, UNUSED)


def _is_about(line: str, names: Sequence[str]) -> bool:
    key = line.lstrip("+").partition("=")[0].replace("/", ".")
    return any(key == name or key.startswith(f"{name}.") for name in names)


def _name(job: Job) -> str:
    """How the model was chosen; by its class where it was not typed, but taken from another run."""
    typed = [line for line in job.overrides if line.startswith("model=")]
    return typed[-1] if typed else str(job.config.model._target_).removeprefix(BASELINES)
