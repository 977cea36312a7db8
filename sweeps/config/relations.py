"""What one value of a config asks of another, and of the files it names."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from sweeps.config.messages import assigned, listed, nearest, typed
from sweeps.errors import ConfigError

ID_PRESETS = (
    "ntu",
    "aihub",
)  # pose.readers.name_pattern.ID_PATTERNS: this room may not import it, a test holds the two together
# `recording1`, `recording2`, ... are joined: pose/readers/name_pattern.py.
ID_GROUPS = ("subject", "camera", "recording")
ID_GROUP = re.compile(r"subject|camera|recording\d*")
# Data modules whose labels a name may say as well.
LABELLED_BY_NAME = ("datamodules.alphapose.", "datamodules.hrnet.", "datamodules.openpose.")
METRICS = {"val/loss": "min", "val/accuracy": "max", "val/macro_f1": "max"}
# What belongs to the command that is typed now, and not to the run that it resumes.
OF_THIS_COMMAND = ("tracking", "output_dir", "sweep", "progress", "resume", "hydra")
FILE_READERS = ("datamodules.pyskl.",)  # data modules whose path is a file; a folder for the others


def check_relations(flat: Mapping[str, Any]) -> None:
    """Refuse values that each are possible, but not together.

    Args:
        flat: Values by dotted key, each of them already checked on its own.

    Raises:
        ConfigError: At the first that is not.
    """
    _check_path(flat)
    _check_id_pattern(flat.get("datamodule.id_pattern"), str(flat.get("datamodule._target_")))
    _check_window_split(flat)
    _check_velocity(flat)
    _check_test_curve(flat)
    _check_named_splits(flat)
    _check_selection(flat)
    _check_tuned(flat)
    _check_nesterov(flat)
    _check_processes(flat)
    if flat.get("from_run") is not None and flat.get("resume") is not None:
        raise ConfigError(
            "from_run and resume are both set; type one: resume goes on with a run, from_run starts it anew"
        )


def check_resume(flat: Mapping[str, Any], overrides: Sequence[str]) -> None:
    """Refuse changes to a run that goes on: it keeps the configuration that it had.

    Args:
        flat: Values by dotted key.
        overrides: What was typed.

    Raises:
        ConfigError: names the changes, and how to make them in a new run.
    """
    run_id = flat.get("resume")
    changes = [text for text in overrides if re.split(r"[.=/@]", text.lstrip("+"))[0] not in OF_THIS_COMMAND]
    if run_id is not None and changes:
        raise ConfigError(
            f"resume={run_id}: takes no changes, it goes on as it was; "
            f"for a new run type from_run={run_id} {shlex.join(changes)}"
        )


def _check_path(flat: Mapping[str, Any]) -> None:
    key = "datamodule.path"
    if key not in flat:
        return
    path = Path(flat[key]).expanduser()
    wants_file = str(flat.get("datamodule._target_")).startswith(FILE_READERS)
    kind = "FILE" if wants_file else "FOLDER"
    if not path.exists():
        siblings = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
        near = get_close_matches(path.name, sorted(siblings), n=1)
        advice = typed(key, str(path.parent / near[0])) if near else f"{key}={kind}"
        raise ConfigError(f"{assigned(key, flat[key])}: no such file or folder; type {advice}")
    if wants_file and path.is_dir():
        raise ConfigError(f"{assigned(key, flat[key])}: a folder; type {key}={kind}")


def _check_id_pattern(pattern: str | None, target: str) -> None:
    key = "datamodule.id_pattern"
    if pattern is None or pattern in ID_PRESETS:
        return
    example = typed(key, r"(?P<subject>P\d+)")
    try:
        groups = list(re.compile(pattern).groupindex)
    except re.error as error:
        raise ConfigError(f"{assigned(key, pattern)}: not a regex, {error}; type for instance {example}") from error
    known = ("label", *ID_GROUPS) if target.startswith(LABELLED_BY_NAME) else ID_GROUPS
    unknown = [group for group in groups if group not in known and not ID_GROUP.fullmatch(group)]
    if unknown:
        group = nearest(unknown[0], known) or "subject"
        mended = pattern.replace(f"(?P<{unknown[0]}>", f"(?P<{group}>")
        raise ConfigError(f"{assigned(key, pattern)}: {unknown[0]} is no group of it; type {typed(key, mended)}")
    if not groups:
        near = nearest(pattern, ID_PRESETS)
        raise ConfigError(
            f"{assigned(key, pattern)}: has no group {listed(known)}, and is no preset ({listed(ID_PRESETS)}); "
            f"type {typed(key, near) if near else f'for instance {example}'}"
        )


def _check_window_split(flat: Mapping[str, Any]) -> None:
    """Under `window` all windows are cut alike, and divided afterwards."""
    if flat.get("datamodule.split.protocol") != "window":
        return
    key, stride = "datamodule.eval_stride", flat["datamodule.stride"]
    if flat[key] != stride:
        raise ConfigError(
            f"{assigned(key, flat[key])}: datamodule/split=window needs one stride for all windows, "
            f"datamodule.stride={stride}; type {key}={stride}"
        )


def _check_velocity(flat: Mapping[str, Any]) -> None:
    if flat.get("datamodule.velocity") is True and flat.get("datamodule.sequence_length") == 1:
        raise ConfigError(
            "datamodule.velocity=true: one frame alone does not move; type datamodule.sequence_length=9 "
            "or datamodule.velocity=false"
        )


def _check_test_curve(flat: Mapping[str, Any]) -> None:
    """Where an epoch is chosen, the test part is touched once, at the end."""
    fraction, named = flat.get("datamodule.split.val_fraction"), flat.get("datamodule.split.val")
    if flat.get("test_curve") is not True or not (fraction or named):
        return
    advice = "datamodule.split.val_fraction=0" + (" datamodule.split.val=null" if named else "")
    raise ConfigError(f"test_curve=true: tests after every epoch, so nothing may be chosen by then; type {advice}")


def _check_named_splits(flat: Mapping[str, Any]) -> None:
    prefix = "datamodule.split."
    parts = {part: flat.get(prefix + part) for part in ("train", "val", "test")}
    for first, second in (("train", "test"), ("train", "val"), ("test", "val")):
        if parts[first] is not None and parts[first] == parts[second]:
            key = prefix + second
            raise ConfigError(
                f"{assigned(key, parts[second])}: the same as {prefix}{first}; name another split, as {key}=NAME"
                f"{f' or {key}=null' if second == 'val' else ''}"
            )


def _check_selection(flat: Mapping[str, Any]) -> None:
    key, monitor = "selection.monitor", flat.get("selection.monitor")
    if monitor is None:
        return
    if monitor not in METRICS:
        near = nearest(monitor, METRICS) or "val/loss"
        advice = f"{key}={near} selection.mode={METRICS[near]}"
        raise ConfigError(f"{assigned(key, monitor)}: must be {listed(METRICS)}; type {advice}")
    mode = flat.get("selection.mode")
    if mode != METRICS[monitor]:
        raise ConfigError(
            f"selection.mode={mode}: takes the worst epoch by {monitor}; type selection.mode={METRICS[monitor]}"
        )


def _check_tuned(flat: Mapping[str, Any]) -> None:
    for key in flat.get("sweep.tuned") or ():
        if key not in flat:
            near = nearest(key, flat)
            advice = f"type 'sweep.tuned=[{near}]'" if near else "type keys that the sweep varies"
            raise ConfigError(f"sweep.tuned=[{key}]: there is no key {key}; {advice}")


def _check_nesterov(flat: Mapping[str, Any]) -> None:
    if flat.get("optimizer.nesterov") is True and flat.get("optimizer.momentum") == 0:
        raise ConfigError(
            "optimizer.nesterov=true: needs a momentum; type optimizer.momentum=0.9 or optimizer.nesterov=false"
        )


def _check_processes(flat: Mapping[str, Any]) -> None:
    strategy, devices = str(flat.get("trainer.strategy")), flat.get("trainer.devices")
    if strategy.startswith("ddp") and not isinstance(devices, int):
        count = len(devices) if isinstance(devices, list) else 2
        raise ConfigError(
            f"{assigned('trainer.devices', devices)}: trainer.strategy={strategy} needs a number of processes; "
            f"type trainer.devices={count}"
        )
