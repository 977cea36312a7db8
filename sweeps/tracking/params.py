"""A resolved config as MLflow's params, and the short names of runs and sweeps."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from sweeps.config.unused_keys import unused_keys
from sweeps.runtime.job_context import JobContext

MAX_PARAM_LENGTH = 6000  # characters that MLflow keeps of a value
# Where and how a run is carried out and shown, not what it computes.
_NOT_IN_SWEEP_NAME = ("hydra", "tracking", "sweep", "progress", "output_dir", "from_run", "resume")
_NOT_PARAMS = {"output_dir", "progress", "from_run", "resume"}
_NOT_IN_NAME = ("hydra", "output_dir", "progress", "tracking", "resume", "sweep", "num_threads")


def without_hydra(cfg: DictConfig) -> DictConfig:
    """Return a copy of the config without Hydra's own part."""
    return OmegaConf.masked_copy(cfg, [str(key) for key in cfg if key != "hydra"])


def plain(cfg: DictConfig) -> dict[str, Any]:
    """Return the config without Hydra's own part, resolved, as containers of plain values."""
    return cast("dict[str, Any]", OmegaConf.to_container(without_hydra(cfg), resolve=True))


def flat_params(cfg: DictConfig, left_out: Sequence[str] = ()) -> dict[str, str]:
    """Flatten the resolved config to dotted keys and text, as MLflow keeps params.

    Nothing is cut silently: a value longer than MLflow takes ends in a note that says so.

    Args:
        cfg: of a job.
        left_out: jobs that its sweep is made without, and why; a param where a sweep can be made without some.
    """
    params = {key: _shorten(_text(value)) for key, value in _leaves(plain(cfg)) if _is_param(key)}
    if OmegaConf.select(cfg, "sweep.skip_impossible") is not None:
        params["sweep.left_out"] = _shorten(_text(list(left_out)), "the sweep's output")
    return params


def _is_param(key: str) -> bool:
    """Leave out where a run is written to, and how a sweep is carried out."""
    return key not in _NOT_PARAMS and (not key.startswith("sweep.") or key in ("sweep.name", "sweep.tuned"))


def _leaves(node: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _shorten(text: str, elsewhere: str = "config.yaml") -> str:
    if len(text) <= MAX_PARAM_LENGTH:
        return text
    note = f" ... (cut: {len(text)} characters, all of them in {elsewhere})"
    return text[: MAX_PARAM_LENGTH - len(note)] + note


def telling_overrides(overrides: Sequence[str]) -> list[str]:
    """Leave out overrides that say nothing about the experiment: Hydra's own, output and tracking."""
    return [override for override in overrides if _root(override) not in _NOT_IN_NAME]


def _root(override: str) -> str:
    """Return the first part of the key that an override sets."""
    return re.split("[=./@]", override.lstrip("+~"), maxsplit=1)[0]


def run_name(cfg: DictConfig, job: JobContext) -> str:
    """Name a run for people: what sets it apart in its sweep, else its overrides, else ``lstm-adam-seed0``."""
    overrides = " ".join(override.lstrip("+") for override in telling_overrides(job.overrides))
    if name := job.label or overrides:
        return name[:200]
    unused = unused_keys(cfg, job.limits)
    groups = [group for group in job.limits.stated("NAMED_BY") if group not in unused]
    targets = [str(OmegaConf.select(cfg, f"{group}._target_") or "") for group in groups]
    words = [target.rpartition(".")[2].removesuffix("Classifier").lower() for target in targets]
    return "-".join([*filter(None, words), f"seed{OmegaConf.select(cfg, 'seed')}"])


def sweep_name(cfg: DictConfig, overrides: Sequence[str], kind: str = "sweep") -> str:
    """Name a sweep: ``sweep.name`` (a preset sets it), else a hash of what its overrides compute, in any order."""
    if name := OmegaConf.select(cfg, "sweep.name"):
        return str(name)
    text = "\n".join(sorted(override for override in overrides if _root(override) not in _NOT_IN_SWEEP_NAME))
    return f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
