"""Impossible values of a composed config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from sweeps.config.catalog import flatten, keys_of
from sweeps.config.constraints import Rule, like
from sweeps.config.limits import Limits
from sweeps.config.messages import assigned, listed, nearest, one_line, quoted, typed
from sweeps.config.relations import check_resume, check_tuned
from sweeps.config.targets import check_targets
from sweeps.errors import ConfigError

# YAML 1.1 reads these as booleans, Hydra's command line does not.
SWITCHES = {"yes": True, "on": True, "1": True, "no": False, "off": False, "0": False}
MISSING = "???"


def check_config(cfg: DictConfig, default: DictConfig, limits: Limits, overrides: Sequence[str] = ()) -> None:
    """Refuse a config that cannot be run.

    Args:
        cfg: What the command line asks for, without Hydra's own part.
        default: The same choice of groups, with nothing else changed: which keys there are, and of what types.
        limits: What the rooms say about their arguments.
        overrides: What was typed.

    Raises:
        ConfigError: A value is missing, cannot be resolved, has no key in `default`, or breaks a limit, the type of its
            default or check_targets. The line says what to type.
    """
    check_missing(cfg, limits)
    values, defaults = plain(cfg), plain(default)
    check_targets(values, defaults)
    known = flatten(defaults, stop=limits.tables)
    flat = flatten(values, stop=known)
    for key, value in flat.items():
        _check_key(key, value, known)
    for key, value in flat.items():
        check_value(key, value, known[key], limits)
    limits.check(flat)
    check_tuned(flat)
    check_resume(flat, overrides)


def check_missing(cfg: DictConfig, limits: Limits) -> None:
    """Refuse a config with mandatory values that are not set.

    Raises:
        ConfigError: Names all of them.
    """
    missing = [key for key, value in keys_of(cfg).items() if value == MISSING]
    if missing:
        stand_ins = [rule.placeholder if (rule := limits.rules.get(key)) else "" for key in missing]
        advice = " ".join(f"{key}={text or 'VALUE'}" for key, text in zip(missing, stand_ins, strict=True))
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


def check_value(key: str, value: object, default: object, limits: Limits) -> None:
    """Refuse a value that breaks its key's rule.

    Raises:
        ConfigError: It does.
    """
    rule = limits.rules.get(key) or like(default)
    if rule is not None and not rule.holds(value):
        raise wrong_value(key, value, default, limits)


def wrong_value(key: str, value: object, default: object, limits: Limits) -> ConfigError:
    """Word the mistake of a value that breaks its key's rule, or that the root's schema refuses."""
    rule = limits.rules.get(key) or like(default) or Rule("of another type", lambda _: False)
    return ConfigError(f"{assigned(key, value)}: must be {rule.must}; type {_valid(key, value, default, rule)}")


def _valid(key: str, value: object, default: object, rule: Rule) -> str:
    """Find what to type: the value mended where that is clear, else the nearest choice, else the default."""
    if dict in rule.kinds:
        return f"+{key}.{rule.placeholder}"
    if value is not None and rule.holds(str(value)):
        return quoted(key, str(value))
    near = nearest(str(value), rule.choices)
    for candidate in ([value], SWITCHES.get(str(value)), near, default):
        if candidate is not None and candidate != MISSING and rule.holds(candidate):
            return typed(key, candidate)
    return f"{key}={rule.placeholder or ('null' if rule.holds(None) else 'VALUE')}"
