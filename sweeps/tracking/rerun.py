"""The configuration of an earlier run: to do it again, changed or not, and to go on with it after it was killed."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import Container, DictConfig, OmegaConf, open_dict, read_write

from sweeps.config.hydra_adapter import raw_node
from sweeps.config.unused_keys import ComposedJob, check_unused
from sweeps.errors import ConfigError
from sweeps.runtime.job_context import JobContext
from sweeps.runtime.process import is_alive
from sweeps.tracking.renamed import rename_targets
from sweeps.tracking.run import COMPOSED_FILE, CONFIG_FILE, open_tracking
from sweeps.tracking.store import Store, store_exists

if TYPE_CHECKING:
    from mlflow.entities import Run

# What belongs to the command that is typed now, whatever run it takes its configuration from.
_OF_THIS_COMMAND = ("tracking", "output_dir", "sweep", "progress", "from_run", "resume", "hydra")
LAST_CHECKPOINT = "last.ckpt"


def stored_config(cfg: DictConfig, job: JobContext) -> tuple[DictConfig, Store | None]:
    """Return the configuration of the run to repeat or to go on with, where `cfg` names one, else `cfg` itself.

    Args:
        cfg: the fresh composition; ``from_run`` or ``resume`` is the id of a run.
        job: with all that was typed.

    Returns:
        The configuration; and the store that it was read from, None where it was not read from one.

    Raises:
        ConfigError: there is no such run or store, or the run cannot be repeated or gone on with.
    """
    if not (cfg.resume or cfg.from_run):
        return cfg, None
    if not store_exists(cfg.tracking):
        key = "resume" if cfg.resume else "from_run"
        raise ConfigError(
            f"{key}={cfg[key]}: there is no store at {cfg.tracking.uri} yet; type tracking.uri=WHERE_IT_IS"
        )
    store = open_tracking(cfg, job)
    stored = resume_config(cfg, store, job.overrides) if cfg.resume else repeat_config(cfg, store, job.overrides)
    if not any(line.startswith("model=") for line in job.overrides):  # else it was checked with all jobs
        check_unused([ComposedJob(stored, list(job.overrides))], job.limits)
    return stored, store


def repeat_config(cfg: DictConfig, store: Store, overrides: Sequence[str]) -> DictConfig:
    """Compose the configuration of the run ``cfg.from_run`` again, changed by what else was typed.

    Args:
        cfg: the fresh composition, which the further overrides already took part in.
        store: where the run is.
        overrides: everything that was typed: values (``optimizer.lr=0.1``), groups (``optimizer=sgd``,
            ``datamodule/split=clip``) and presets (``experiment=quick``: each key that its file sets).

    Returns:
        A copy of `cfg` with the stored values; tracking, sweep and output folder stay those of `cfg`.

    Raises:
        ConfigError: no such run, or it holds no configuration.
    """
    run = _find(store, str(cfg.from_run), "from_run")
    stored = _stored_config(store, run, COMPOSED_FILE)
    changed = [key for override in overrides for key in _keys_of(override)]
    return _combine(cfg, stored, changed)


def resume_config(cfg: DictConfig, store: Store, overrides: Sequence[str] = ()) -> DictConfig:
    """Return the configuration of the killed run ``cfg.resume``, as it was.

    Args:
        cfg: the fresh composition.
        store: where the run is.
        overrides: everything that was typed; a resumed run takes no changes.

    Raises:
        ConfigError: no such run; it is finished; its process is alive; it has no checkpoint to go on from; or the
            command line changes the configuration.
    """
    run = _find(store, str(cfg.resume), "resume")
    run_id, status = run.info.run_id, run.info.status
    changes = [o for o in overrides for key in _keys_of(o) if key.split(".")[0] not in _OF_THIS_COMMAND]
    if changes:
        words = " ".join(dict.fromkeys(changes))
        raise ConfigError(f"resume={run_id} takes no changes; for a new run: from_run={run_id} {words}")
    if status == "FINISHED":
        raise ConfigError(f"resume={run_id}: that run is finished; to do it again: from_run={run_id}")
    if status == "RUNNING" and is_alive(run.data.tags):
        where = f"process {run.data.tags.get('pid')} on {run.data.tags.get('host')}"
        raise ConfigError(f"resume={run_id}: that run is still going, in {where}")
    if not (Path(cfg.output_dir) / "runs" / run_id / LAST_CHECKPOINT).is_file():
        raise ConfigError(f"resume={run_id}: no epoch of that run was finished; start anew with from_run={run_id}")
    return _combine(cfg, _stored_config(store, run, CONFIG_FILE), [])


def _find(store: Store, run_id: str, key: str) -> Run:
    from mlflow.exceptions import MlflowException

    try:
        return store.client.get_run(run_id)
    except MlflowException:
        pass
    runs = store.client.search_runs([store.experiment_id], "tags.cell != ''", max_results=3)
    latest = ", ".join(f"{run.info.run_id} ({run.info.run_name})" for run in runs)
    hint = f"type the whole id; the latest: {latest}" if latest else "it has none yet"
    raise ConfigError(f"{key}={run_id}: no such run in {store.uri}; {hint}")


def _stored_config(store: Store, run: Run, name: str) -> DictConfig:
    from mlflow.exceptions import MlflowException

    run_id = run.info.run_id
    try:
        stored = OmegaConf.load(store.client.download_artifacts(run_id, name))
    except (OSError, MlflowException) as error:
        raise ConfigError(
            f"run {run_id} ({run.info.run_name}) holds no {name}: it is no training run, or its artifacts are gone; "
            f"a sweep's id stands for no single configuration, so take one of its jobs"
        ) from error
    plain = OmegaConf.to_container(stored, resolve=False)
    return cast("DictConfig", OmegaConf.create(rename_targets(plain)))


def _combine(fresh: DictConfig, stored: DictConfig, changed: Sequence[str]) -> DictConfig:
    """Lay the stored config over a copy of the fresh one, but for the keys in `changed`."""
    result = copy.deepcopy(fresh)
    with read_write(result), open_dict(result):
        for key in [str(key) for key in stored if key not in _OF_THIS_COMMAND]:
            _put(result, key, stored)
        for key in changed:
            if key.split(".")[0] in _OF_THIS_COMMAND:
                continue
            if _raw(fresh, key) is not None:
                _put(result, key, fresh)
            else:
                _delete(result, key)
    return result


def _parent(cfg: DictConfig, key: str) -> tuple[Any, str]:
    above, _, last = key.rpartition(".")
    return (OmegaConf.select(cfg, above) if above else cfg), last


def _raw(cfg: DictConfig, key: str) -> Any:
    """Return the node at a dotted key, an interpolation as such; None where there is no such key."""
    parent, last = _parent(cfg, key)
    return raw_node(parent, last) if isinstance(parent, DictConfig) else None


def _put(result: DictConfig, key: str, source: DictConfig) -> None:
    """Set a dotted key to what it is in `source`, an interpolation as such; the schema's type of it goes on holding."""
    node, target = _raw(source, key), _raw(result, key)
    value = copy.deepcopy(node) if isinstance(node, Container) else node._value()
    has_schema = isinstance(target, DictConfig) and is_dataclass(OmegaConf.get_type(target))
    OmegaConf.update(result, key, value, merge=has_schema, force_add=True)


def _delete(cfg: DictConfig, key: str) -> None:
    parent, last = _parent(cfg, key)
    if isinstance(parent, DictConfig):
        parent.pop(last, None)


def _keys_of(override: str) -> list[str]:
    """Return the keys of the config that an override sets, as dotted paths."""
    parsed = OverridesParser.create().parse_override(override)
    value = parsed.value()
    choices = value if isinstance(value, list) else [value]
    files = [_config_file(parsed.key_or_group, str(choice)) for choice in choices]
    presets = [file for file in files if file and "@package _global_" in file.read_text(encoding="utf-8")]
    if presets:
        return [key for preset in presets for key in _keys_of_preset(preset)]
    return [_key_of(parsed)]


def _key_of(override: Override) -> str:
    return str(override.package or override.key_or_group.replace("/", "."))


def _config_file(group: str, choice: str) -> Path | None:
    sources = HydraConfig.get().runtime.config_sources if HydraConfig.initialized() else []
    folders = [Path(source.path) for source in sources if source.schema == "file"]
    return next((f for f in (folder / group / f"{choice}.yaml" for folder in folders) if f.is_file()), None)


def _keys_of_preset(file: Path) -> Iterator[str]:
    preset = cast("dict[str, Any]", OmegaConf.to_container(OmegaConf.load(file)))
    for default in preset.pop("defaults", []):
        groups = default if isinstance(default, Mapping) else {}
        yield from (str(g).removeprefix("override ").strip("/").replace("/", ".") for g in groups)
    yield from _leaf_keys(preset)


def _leaf_keys(node: Mapping[Any, Any], prefix: str = "") -> Iterator[str]:
    for key, value in node.items():
        if isinstance(value, Mapping) and value:
            yield from _leaf_keys(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"
