"""Impossible values of a composed config: what each key must be, in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sweeps.config.catalog import TABLES, flatten, keys_of
from sweeps.config.constraints import (
    Rule,
    either,
    files,
    flag,
    like,
    matching,
    names,
    number,
    numbers,
    one_of,
    optional,
    settings,
    table,
    text,
    whole,
)
from sweeps.config.messages import assigned, listed, nearest, one_line, quoted, typed
from sweeps.config.relations import check_relations, check_resume
from sweeps.config.targets import check_targets
from sweeps.errors import ConfigError

SEED = whole(0, 2**32 - 1)  # the range of numpy's and Lightning's seeds
FRACTION = number("above 0 and below 1", lambda value: 0 < value < 1)
BELOW_ONE = number("0 to below 1", lambda value: 0 <= value < 1)
NOT_NEGATIVE = number("0 or more", lambda value: value >= 0)
POSITIVE = number("above 0", lambda value: value > 0)
RUN_ID = matching(r"[0-9a-f]{32}", "an MLflow run id, 32 of 0-9 and a-f")
# Lightning's (lightning_fabric/connector.py), but for plain numbers, which are its old spelling.
PRECISIONS = ("32-true", "16-mixed", "bf16-mixed", "16-true", "bf16-true", "64-true")

RULES: dict[str, Rule] = {
    "datamodule.path": text(),
    "datamodule.sequence_length": whole(1),
    "datamodule.stride": whole(1),
    "datamodule.eval_stride": whole(1),
    "datamodule.batch_size": whole(1),
    "datamodule.loader": one_of("resident", "workers"),
    "datamodule.num_workers": whole(0),
    "datamodule.pin_memory": flag(),
    "datamodule.normalize": one_of("standard", "body", "none"),
    "datamodule.scores": flag(),
    "datamodule.velocity": flag(),
    "datamodule.train_fraction": number("above 0 and up to 1", lambda value: 0 < value <= 1),
    "datamodule.classes": optional(names()),
    "datamodule.class_names": optional(names()),
    "datamodule.abnormal_classes": names(),
    "datamodule.id_pattern": optional(text()),
    "datamodule.fps": POSITIVE,
    "datamodule.image_size": optional(
        numbers("a whole number above 0", lambda value: value > 0 and value == int(value), 2)
    ),
    "datamodule.max_gap": whole(0),
    "datamodule.min_frames": whole(1),
    "datamodule.max_people": optional(whole(1)),
    "datamodule.min_overlap": FRACTION,
    "datamodule.frame_step": optional(whole(1)),
    "datamodule.actions": table(),
    "datamodule.label_names": table(empty=True),
    "datamodule.frames": whole(1000),
    "datamodule.views": whole(1, 12),
    "datamodule.dimensions": whole(2, 3),
    "datamodule.seed": SEED,
    "datamodule.split.train": text(),
    "datamodule.split.test": text(),
    "datamodule.split.val": optional(text()),
    "datamodule.split.test_fraction": FRACTION,
    "datamodule.split.val_fraction": BELOW_ONE,
    "datamodule.split.seed": SEED,
    "model.num_layers": whole(1),
    "model.hidden_size": whole(1),
    "model.dropout": BELOW_ONE,
    "model.bidirectional": flag(),
    "model.num_trees": whole(1),
    "model.max_depth": optional(whole(1)),
    "model.min_samples_leaf": whole(1),
    "model.C": POSITIVE,
    "model.gamma": either(POSITIVE, one_of("scale", "auto")),
    "loss.class_weights": optional(either(one_of("balanced"), numbers("above 0", lambda value: value > 0))),
    "loss.label_smoothing": BELOW_ONE,
    "optimizer.lr": POSITIVE,
    "optimizer.betas": numbers("0 to below 1", lambda value: 0 <= value < 1, count=2),
    "optimizer.eps": NOT_NEGATIVE,
    "optimizer.alpha": NOT_NEGATIVE,
    "optimizer.momentum": NOT_NEGATIVE,
    "optimizer.weight_decay": NOT_NEGATIVE,
    "scheduler.T_max": whole(1),
    "scheduler.eta_min": NOT_NEGATIVE,
    "scheduler.step_size": whole(1),
    "scheduler.gamma": POSITIVE,
    "trainer.accelerator": one_of("auto", "cpu", "gpu", "cuda", "mps"),
    "trainer.devices": either(whole(1), one_of("auto"), numbers("0 or more", lambda value: value >= 0)),
    "trainer.max_epochs": whole(1),
    "trainer.precision": one_of(*PRECISIONS),
    "trainer.gradient_clip_val": optional(POSITIVE),
    "trainer.deterministic": either(flag(), one_of("warn")),
    "tracking.uri": matching(
        r"(sqlite|https?|databricks|(postgresql|mysql|mssql)(\+\w+)?)://.+",
        "sqlite:///FILE, http://HOST or postgresql+psycopg2://HOST/NAME",
    ),
    "tracking.experiment": text(),
    "tracking.log_model": one_of("best", "always", "never"),
    "tracking.timeout": whole(1),
    "tracking.patience": NOT_NEGATIVE,
    "seed": SEED,
    "num_threads": optional(whole(1)),
    "datamodule.num_threads": optional(whole(1)),
    "progress": flag(),
    "test_curve": flag(),
    "output_dir": text(),
    "from_run": optional(RUN_ID),
    "resume": optional(RUN_ID),
    "selection.mode": one_of("min", "max"),
    "sweep.tuned": names(),
    # pose/, with extract.py or datamodule=hrnet
    "pose.fps": POSITIVE,
    **{f"pose.{part}.device": one_of("auto", "cpu", "cuda") for part in ("detector", "estimator")},
    **{
        f"pose.{part}.precision": one_of("auto", "float32", "float16", "bfloat16") for part in ("detector", "estimator")
    },
    "pose.detector.score_threshold": number("0 to 1", lambda value: 0 <= value <= 1),
    "pose.detector.max_people": optional(whole(1)),
    "pose.detect_every": whole(1),
    "pose.people_per_batch": whole(1),
    "pose.frames_per_batch": whole(1),
    # extract.py
    "path": text(),
    "store": text(),
    "shard": whole(0),
    "num_shards": whole(1),
    # report.py
    "metric": one_of("test/accuracy", "test/macro_f1", "test/clip_accuracy", "test/abnormal_recall"),
    "confidence": number("0.5 to below 1", lambda value: 0.5 <= value < 1),
    "effect": POSITIVE,
    "resamples": whole(100),
    "tuned": optional(names()),
    # compare.py
    "annotations": text(),
    "estimators": names(),
    "settings": settings(),
    "files": files(),
    "boxes": one_of("detector", "annotated"),
    "pck": one_of("auto", "head", "torso", "box"),
    "pck_fraction": optional(POSITIVE),
    "min_score": number("0 to 1", lambda value: 0 <= value <= 1),
    "people_per_batch": whole(1),
    "frames_per_batch": whole(1),
}

# What stands for the value in `type datamodule.path=FILE`, where there is no default to show.
PLACEHOLDERS = {
    "path": "FOLDER",
    "datamodule.path": "FILE",
    "annotations": "FILE",
    "datamodule.split.train": "NAME",
    "datamodule.split.test": "NAME",
    "from_run": "RUN_ID",
    "resume": "RUN_ID",
    "sweep.name": "NAME",
}
# YAML 1.1 reads these as booleans, Hydra's command line does not.
SWITCHES = {"yes": True, "on": True, "1": True, "no": False, "off": False, "0": False}
MISSING = "???"


def check_config(cfg: DictConfig, default: DictConfig, overrides: Sequence[str] = ()) -> None:
    """Refuse a config that cannot be run.

    Args:
        cfg: What the command line asks for, without Hydra's own part.
        default: The same choice of groups, with nothing else changed: which keys there are, and of what types.
        overrides: What was typed.

    Raises:
        ConfigError: A value is missing, cannot be resolved, has no key in `default`, or breaks a rule of RULES, the
            type of its default, check_targets or check_relations. The line says what to type.
    """
    check_missing(cfg)
    values, defaults = plain(cfg), plain(default)
    check_targets(values, defaults)
    known = flatten(defaults, stop=TABLES)
    flat = flatten(values, stop=known)
    for key, value in flat.items():
        _check_key(key, value, known)
    for key, value in flat.items():
        _check_value(key, value, known[key])
    check_relations(flat)
    check_resume(flat, overrides)


def check_missing(cfg: DictConfig) -> None:
    """Refuse a config with mandatory values that are not set.

    Raises:
        ConfigError: names all of them.
    """
    missing = [key for key, value in keys_of(cfg).items() if value == MISSING]
    if missing:
        advice = " ".join(f"{key}={PLACEHOLDERS.get(key, 'VALUE')}" for key in missing)
        raise ConfigError(f"{listed(missing, 'and')} {'is' if len(missing) == 1 else 'are'} not set; type {advice}")


def plain(cfg: DictConfig) -> dict[str, Any]:
    """Resolve a config to dicts and lists.

    Raises:
        ConfigError: An interpolation cannot be resolved.
    """
    try:
        return cast(dict[str, Any], OmegaConf.to_container(cfg, resolve=True))
    except OmegaConfBaseException as error:
        node = OmegaConf.to_container(cfg, resolve=False)
        written = flatten(node).get(str(error.full_key), "")
        reason = one_line(str(error.msg or error)).split(" full_key:")[0]
        raise ConfigError(
            f"{assigned(str(error.full_key), written)}: {reason[:1].lower()}{reason[1:]}; "
            f"type a value, or ${{KEY}} with a key that there is"
        ) from error


def _check_key(key: str, value: object, known: Mapping[str, Any]) -> None:
    if key in known:
        return
    inside = [name for name in known if name.startswith(f"{key}.")]
    if inside:
        raise ConfigError(f"{assigned(key, value)}: {key} holds other keys; type one of them, as {inside[0]}=VALUE")
    near = nearest(key, known)
    # What is typed was looked up before: it is a file, a preset perhaps, that sets this key.
    advice = f"; write {near} there" if near else ""
    raise ConfigError(f"{assigned(key, value)}: a config file sets it, but there is no such key{advice}")


def _check_value(key: str, value: object, default: object) -> None:
    rule = RULES.get(key) or like(default)
    if rule is not None and not rule.holds(value):
        raise wrong_value(key, value, default)


def wrong_value(key: str, value: object, default: object, rule: Rule | None = None) -> ConfigError:
    """Word the mistake of a value that breaks its key's rule, or that the root's schema refuses."""
    rule = rule or RULES.get(key) or like(default) or Rule("of another type", lambda _: False)
    return ConfigError(f"{assigned(key, value)}: must be {rule.must}; type {_valid(key, value, default, rule)}")


def _valid(key: str, value: object, default: object, rule: Rule) -> str:
    """Find what to type: the value mended where that is clear, else the nearest choice, else the default."""
    if key in TABLES:
        return {"files": "+files.alphapose=FILE", "settings": "+settings.NAME={KEY:VALUE}"}.get(key, f"+{key}.1=NAME")
    if value is not None and rule.holds(str(value)):
        return quoted(key, str(value))
    near = nearest(str(value), rule.choices)
    for candidate in ([value], SWITCHES.get(str(value)), near, default):
        if candidate is not None and candidate != MISSING and rule.holds(candidate):
            return typed(key, candidate)
    return f"{key}={PLACEHOLDERS.get(key, 'null' if rule.holds(None) else 'VALUE')}"
