"""The overrides that a user typed, each checked before anything is composed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, ValueType
from hydra.errors import HydraException

from sweeps.config.catalog import ConfigCatalog
from sweeps.config.command_line import Command
from sweeps.config.messages import assigned, choice_of, quoted, shown
from sweeps.errors import ConfigError


def read_overrides(overrides: Sequence[str], catalog: ConfigCatalog) -> list[Override]:
    """Parse overrides with Hydra's grammar.

    Raises:
        ConfigError: One is not key=value, or its value needs quotes.
    """
    parser = OverridesParser.create(config_loader=catalog.loader)
    parsed = []
    for index, text in enumerate(overrides):
        before = overrides[index - 1] if index else ""
        try:
            parsed.append(parser.parse_override(text))
        except HydraException as error:
            raise _unreadable(text, before, catalog) from error
        if not parsed[-1].key_or_group:
            raise ConfigError(f"{text}: has no key; type key=value")
    for override in parsed:
        override.config_loader = catalog.loader
    return parsed


def _unreadable(text: str, before: str, catalog: ConfigCatalog) -> ConfigError:
    key, equals, value = text.partition("=")
    if equals and value.startswith("[") and not value.endswith("]"):
        return ConfigError(f"{text}: the list has no end; type {shlex.quote(f'{text}]')}")
    if equals and value:
        return ConfigError(f"{assigned(key, value)}: Hydra cannot read the value; type {quoted(key, value)}")
    if key.startswith("~"):
        return ConfigError(f"{text}: nothing can be taken away; leave it out")
    near = catalog.nearest(key, [*catalog.groups, *catalog.keys])
    if near in catalog.groups:
        return ConfigError(f"{text}: has no value; type {choice_of(near, catalog.options(near))}")
    before_key, equals, before_value = before.partition("=")
    if equals:  # the shell cut a value with a space in two
        both = quoted(before_key, f"{before_value} {text}")
        return ConfigError(f"{text}: is not key=value; if it belongs to the word before, type {both}")
    return ConfigError(f"{text}: is not key=value; type {near or 'KEY'}=VALUE")


def check_override(override: Override, command: Command, catalog: ConfigCatalog) -> None:
    """Refuse an override that Hydra takes, but that does not do what it looks like.

    Raises:
        ConfigError: It adds or deletes a key, chooses no option of its group, or is a sweep without -m.
    """
    group = catalog.chooses(override)
    if override.is_hydra_override():
        if override.is_sweep_override():
            raise ConfigError(f"{override.input_line}: Hydra's own settings cannot be swept over; type one value")
        if group:
            _check_options(override, catalog)
        return
    if override.package is not None:
        advice = f"{override.key_or_group}={override.get_value_string()}"
        raise ConfigError(f"{override.input_line}: a group has one place here; type {advice}")
    _check_prefix(override, catalog)
    if group:
        _check_options(override, catalog)
    _check_sweep(override, command, catalog)
    slashed = override.key_or_group.replace(".", "/")
    if not group and catalog.is_group(slashed) and isinstance(override.value(), str | None):
        advice = catalog.option_like(slashed, shown(override.value()))
        raise ConfigError(f"{override.input_line}: {slashed} is a group; type {advice}")


def _check_prefix(override: Override, catalog: ConfigCatalog) -> None:
    """`+` chooses from a group that the root does not choose from; every other key is there already."""
    key, line = override.key_or_group, str(override.input_line)
    group = catalog.chooses(override)
    bare = line.lstrip("+~")
    if override.is_delete():
        advice = choice_of(key, catalog.options(key)) if group else f"{key}=VALUE"
        raise ConfigError(f"{line}: nothing can be taken away; type {advice}")
    adds = override.is_add() or override.is_force_add()
    if group and not catalog.is_chosen_by_default(key):
        if not override.is_add():
            raise ConfigError(f"{line}: needs one +; type +{bare}")
    elif adds and (group or key in catalog.keys):
        raise ConfigError(f"{line}: is there already; type {bare}")
    elif adds and not catalog.limits.in_table(key):
        raise catalog.no_such_key(line, key, override.get_value_string())


def _check_sweep(override: Override, command: Command, catalog: ConfigCatalog) -> None:
    line, key = str(override.input_line), override.key_or_group
    preset = catalog.chooses(override) and not catalog.is_chosen_by_default(key)
    if preset and override.is_sweep_override():
        raise ConfigError(f"{line}: takes one preset; type +{key}={next(iter(override.sweep_string_iterator()))}")
    if command.multirun:
        return
    if preset:
        raise ConfigError(f"{line}: is a sweep; type {command.sweeping()}")
    if not override.is_sweep_override():
        return
    value = override.get_value_string()
    if override.value_type is ValueType.SIMPLE_CHOICE_SWEEP and not catalog.is_group(key):
        default = catalog.keys.get(key, 0)
        if isinstance(default, list) or (default is None and catalog.limits.takes_list(key)):
            raise ConfigError(f"{line}: a list needs brackets; type {shlex.quote(f'{key}=[{value}]')}")
        if isinstance(default, str) and not default.startswith("${"):
            raise ConfigError(
                f"{line}: several values, or one with a comma; type {quoted(key, value)} or {command.sweeping()}"
            )
    raise ConfigError(f"{line}: several values are a sweep; type {command.sweeping()}")


def check_grid(overrides: Sequence[Override]) -> None:
    """Refuse intervals, which have no values to make a grid of.

    Raises:
        ConfigError: There is one.
    """
    for override in overrides:
        if override.is_interval_sweep():
            key = override.key_or_group
            raise ConfigError(
                f"{override.input_line}: an interval has no end of values; type {key}=choice(a,b) or "
                f"{key}=range(start,stop,step), or for a search hydra/sweeper=optuna before it"
            )


def _check_options(override: Override, catalog: ConfigCatalog) -> None:
    line, group = str(override.input_line), override.key_or_group
    values: list[object] = list(override.sweep_iterator()) if override.is_sweep_override() else [override.value()]
    for value in values:
        if isinstance(value, dict) or value in catalog.options(group):  # {lr: 0.1} sets a key of the group
            continue
        if isinstance(value, list):
            sweep = f"{catalog.program} -m {group}={','.join(map(shown, value))}"
            raise ConfigError(f"{line}: takes one option; for a sweep type {sweep}")
        if len(values) > 1:
            raise ConfigError(
                f"{line}: no option {shown(value)}; type {catalog.option_like(group, shown(value))} for it"
            )
        raise catalog.no_such_option(line, group, shown(value))
