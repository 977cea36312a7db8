"""What a user typed: flags and overrides, each checked before anything is composed."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, ValueType
from hydra.errors import HydraException

from sweeps.errors import ConfigError
from sweeps.names import Names
from sweeps.wording import assigned, choice_of, listed, nearest, quoted, shown

# Values that are lists, though their default is null.
LISTS = ("datamodule.classes", "datamodule.class_names", "loss.class_weights")


@dataclass(frozen=True)
class Command:
    """One command line.

    Attributes:
        program: What starts it: "python train.py".
        flags: Hydra's own flags; `flags.overrides` is everything else.
        parser: Hydra's argparse parser, which its help needs.
    """

    program: str
    flags: argparse.Namespace
    parser: argparse.ArgumentParser

    @property
    def overrides(self) -> list[str]:
        """The words that are not flags."""
        return list(self.flags.overrides)

    @property
    def multirun(self) -> bool:
        """Whether this is a sweep."""
        return bool(self.flags.multirun) or "hydra.mode=MULTIRUN" in self.overrides

    @property
    def runs(self) -> bool:
        """Whether anything is run, and not only shown."""
        flags = self.flags
        return not (flags.help or flags.hydra_help or flags.cfg or flags.info or flags.shell_completion)

    def sweeping(self) -> str:
        """The same command as a sweep."""
        return f"{self.program} -m {shlex.join(self.overrides)}"


def read_command(program: str, arguments: Sequence[str]) -> Command:
    """Parse a command line with Hydra's own parser; flags may stand anywhere.

    Raises:
        ConfigError: A flag is unknown, or contradicts another.
    """
    parser = get_args_parser()
    parser.exit_on_error = False
    known = [name for action in parser._actions for name in action.option_strings]
    for word in arguments:
        name = word.split("=")[0]
        if name.startswith("-") and name != "--" and name not in known:
            _check_flag(name, known)
    try:
        flags, _ = parser.parse_known_intermixed_args(arguments)
    except argparse.ArgumentError as error:
        raise ConfigError(f"{error}; {program} --hydra-help lists the flags") from error
    if flags.experimental_rerun is not None:
        raise ConfigError("--experimental-rerun reads a pickle, which can run code; type from_run=<mlflow run id>")
    if flags.resolve and not (flags.cfg or flags.help):
        raise ConfigError("--resolve belongs to --cfg; type --cfg job --resolve")
    modes = {"--run": flags.run, "--multirun": flags.multirun, "--cfg": flags.cfg, "--info": flags.info}
    if sum(bool(given) for given in modes.values()) > 1:
        raise ConfigError(
            f"{listed([name for name, given in modes.items() if given], 'and')} are two commands; type one"
        )
    return Command(program, flags, parser)


def _check_flag(name: str, known: Sequence[str]) -> None:
    completed = [flag for flag in known if flag.startswith(name)]
    if name.startswith("--") and len(completed) == 1:
        return
    # Short flags may be joined or carry their value: -cjob.
    if not name.startswith("--") and any(name.startswith(flag) for flag in known if not flag.startswith("--")):
        return
    near = nearest(name, [flag for flag in known if flag.startswith("--")])
    raise ConfigError(f"{name}: no such flag; type {near or '--hydra-help for all flags'}")


def read_overrides(overrides: Sequence[str], names: Names) -> list[Override]:
    """Parse overrides with Hydra's grammar.

    Raises:
        ConfigError: One is not key=value, or its value needs quotes.
    """
    parser = OverridesParser.create(config_loader=names.loader)
    parsed = []
    for index, text in enumerate(overrides):
        before = overrides[index - 1] if index else ""
        try:
            parsed.append(parser.parse_override(text))
        except HydraException as error:
            raise _unreadable(text, before, names) from error
        if not parsed[-1].key_or_group:
            raise ConfigError(f"{text}: has no key; type key=value")
    for override in parsed:
        override.config_loader = names.loader
    return parsed


def _unreadable(text: str, before: str, names: Names) -> ConfigError:
    key, equals, value = text.partition("=")
    if equals and value.startswith("[") and not value.endswith("]"):
        return ConfigError(f"{text}: the list has no end; type {shlex.quote(f'{text}]')}")
    if equals and value:
        return ConfigError(f"{assigned(key, value)}: Hydra cannot read the value; type {quoted(key, value)}")
    if key.startswith("~"):
        return ConfigError(f"{text}: nothing can be taken away; leave it out")
    near = nearest(key, [*names.groups, *names.keys])
    if near in names.groups:
        return ConfigError(f"{text}: has no value; type {choice_of(near, names.options(near))}")
    before_key, equals, before_value = before.partition("=")
    if equals:  # the shell cut a value with a space in two
        whole = quoted(before_key, f"{before_value} {text}")
        return ConfigError(f"{text}: is not key=value; if it belongs to the word before, type {whole}")
    return ConfigError(f"{text}: is not key=value; type {near or 'KEY'}=VALUE")


def check_override(override: Override, command: Command, names: Names) -> None:
    """Refuse an override that Hydra takes, but that does not do what it looks like.

    Raises:
        ConfigError: It adds or deletes a key, chooses no option of its group, or is a sweep without -m.
    """
    group = names.is_group(override.key_or_group)
    if override.is_hydra_override() and not group:
        if override.is_sweep_override():
            raise ConfigError(f"{override.input_line}: Hydra's own settings cannot be swept over; type one value")
        return
    _check_prefix(override, names)
    if group:
        _check_options(override, names)
    _check_sweep(override, command, names)
    if group:
        return
    if names.is_group(override.key_or_group.replace(".", "/")) and isinstance(override.value(), str | None):
        key = override.key_or_group.replace(".", "/")
        advice = names.option_like(key, shown(override.value()))
        raise ConfigError(f"{override.input_line}: {key} is a group; type {advice}")


def _check_prefix(override: Override, names: Names) -> None:
    """`+` chooses from a group that the root does not choose from; every other key is there already."""
    key, line = override.key_or_group, str(override.input_line)
    group = names.is_group(key)
    bare = line.lstrip("+~")
    if override.is_delete():
        advice = choice_of(key, names.options(key)) if group else f"{key}=VALUE"
        raise ConfigError(f"{line}: nothing can be taken away; type {advice}")
    adds = override.is_add() or override.is_force_add()
    if group and not names.is_chosen_by_default(key):
        if not override.is_add():
            raise ConfigError(f"{line}: needs one +; type +{bare}")
    elif adds and (group or key in names.keys):
        raise ConfigError(f"{line}: is there already; type {bare}")
    elif adds:
        raise names.no_such_key(line, key, override.get_value_string())


def _check_sweep(override: Override, command: Command, names: Names) -> None:
    line, key = str(override.input_line), override.key_or_group
    if override.is_interval_sweep():
        raise ConfigError(
            f"{line}: an interval has no end of values; type {key}=choice(a,b) or {key}=range(start,stop,step)"
        )
    if command.multirun:
        return
    preset = names.is_group(key) and not names.is_chosen_by_default(key)
    if preset and not override.is_sweep_override():
        raise ConfigError(f"{line}: is a sweep; type {command.sweeping()}")
    if not override.is_sweep_override():
        return
    value = override.get_value_string()
    if override.value_type is ValueType.SIMPLE_CHOICE_SWEEP and not names.is_group(key):
        default = names.keys.get(key, 0)
        if isinstance(default, list) or key in LISTS:
            raise ConfigError(f"{line}: a list needs brackets; type {shlex.quote(f'{key}=[{value}]')}")
        if isinstance(default, str) and not default.startswith("${"):
            raise ConfigError(
                f"{line}: several values, or one with a comma; type {quoted(key, value)} or {command.sweeping()}"
            )
    raise ConfigError(f"{line}: several values are a sweep; type {command.sweeping()}")


def _check_options(override: Override, names: Names) -> None:
    line, group = str(override.input_line), override.key_or_group
    values: list[object] = list(override.sweep_iterator()) if override.is_sweep_override() else [override.value()]
    for value in values:
        if isinstance(value, dict) or value in names.options(
            group
        ):  # a dict sets keys of the group: optimizer={lr: 0.1}
            continue
        if isinstance(value, list):
            sweep = f"{names.program} -m {group}={','.join(map(shown, value))}"
            raise ConfigError(f"{line}: takes one option; for a sweep type {sweep}")
        if len(values) > 1:
            raise ConfigError(f"{line}: no option {shown(value)}; type {names.option_like(group, shown(value))} for it")
        raise names.no_such_option(line, group, shown(value))
