"""The limits that the rooms hand over, and the keys of the configuration at which their arguments stand.

A room is a module, as `datamodules.limits`. Of these names it has those that it needs:

    ARGUMENTS      what each argument must be, by its name, as `constraints.rule_of` reads it; a dict is a group
    check_...      functions of arguments that return a fault, or None: see `Limits.check`
    UNUSED         what has no use for what: see `unused_keys`
    TRUE_ANYWAY    of arguments without use, the values that may be typed all the same
    SYNONYMS       other words for its arguments
    UNREACHABLE    groups that some roots do not choose from, with what to say
    SEARCH_EXAMPLE an argument and what may be typed for it in a search
    NOT_IN_RESULT, BEHIND_THE_DATA   arguments on which no result depends: `sweeps.tracking.cell`
    NAMED_BY       groups whose classes name a run

Texts name arguments in backticks, as `id_pattern`, `split.val`, `PoseComponents.nms` or `actions[7]`: who uses the
library alone reads them as they are, at the command line they become keys.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any

from omegaconf import DictConfig

from sweeps.config import root_limits
from sweeps.config.constraints import Rule, rule_of
from sweeps.config.messages import assigned, nearest, typed
from sweeps.errors import ConfigError

Fault = tuple[str, str, Sequence[Mapping[str, object]]]
_CODE = re.compile(r"`([A-Z]\w*\.)?([a-z_.]+)(?:\[([^]`]+)\])?([^`]*)`", re.ASCII)


@dataclass(frozen=True)
class Limits:
    """What the rooms of one door say about their arguments.

    Args:
        rooms: Their modules, by the key below which their arguments stand; "" is the root.
        classes: For groups whose options are not chosen by the root, which classes a config comes to.
    """

    rooms: Mapping[str, ModuleType] = field(default_factory=dict)
    classes: Mapping[str, Callable[[DictConfig], Sequence[str]]] = field(default_factory=dict)

    def __reduce__(self) -> tuple[Any, ...]:
        names = {prefix: room.__name__ for prefix, room in self.rooms.items()}
        return _import_limits, (names, self.classes)  # another process imports the rooms itself

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """What each key must be, of those that have a rule."""
        return {key: rule for key, hint in self._types.items() if (rule := rule_of(hint)) is not None}

    @cached_property
    def tables(self) -> frozenset[str]:
        """Keys that hold a table to which a user may add: +datamodule.actions.7=jump."""
        return frozenset(key for key, rule in self.rules.items() if dict in rule.kinds)

    def takes_list(self, key: str) -> bool:
        """Return whether the values of a key may be lists."""
        return key in self.rules and list in self.rules[key].kinds

    def in_table(self, key: str) -> bool:
        """Return whether a key is one of the tables, or inside one."""
        return any(key == table or key.startswith(f"{table}.") for table in self.tables)

    @property
    def synonyms(self) -> dict[str, str]:
        """Keys that are meant by words of other frameworks."""
        return {word: self.key_of(name) for word, name in self.named("SYNONYMS")}

    @property
    def search_example(self) -> str:
        """What may be typed to vary a key in a search."""
        examples = [room.SEARCH_EXAMPLE for room in self.rooms.values() if hasattr(room, "SEARCH_EXAMPLE")]
        argument, values = [*examples, ("KEY", "interval(LOW,HIGH)")][0]
        return shlex.quote(f"{self.key_of(argument)}={values}")

    def unreachable(self, group: str) -> str | None:
        """Say why a group cannot be chosen from, where a room knows."""
        for name, why in self.named("UNREACHABLE"):
            own = self.key_of(name)
            if group == own or group.startswith(f"{own}/"):
                return f"{group} {self.in_keys(why)}"
        return None

    def keys_of(self, argument: str) -> list[str]:
        """Return all keys and groups, dotted, that are called like an argument."""
        return [key for key in (*self._types, *self._groups) if f".{key}".endswith(f".{argument}")]

    def key_of(self, argument: str) -> str:
        """Return what is typed for an argument, its own name where nothing is known of it."""
        key = next(iter(self.keys_of(argument)), argument)
        return key.replace(".", "/") if key in self._groups else key

    def in_keys(self, text: str) -> str:
        """Turn the arguments that a text names in backticks into what is typed for them."""
        return _CODE.sub(self._as_typed, text)

    @contextlib.contextmanager
    def errors_in_keys(self, expected: tuple[type[Exception], ...]) -> Iterator[None]:
        """Turn the arguments that expected errors of the block name into keys, in the errors themselves."""
        try:
            yield
        except expected as error:
            error.args = tuple(self.in_keys(item) if isinstance(item, str) else item for item in error.args)
            raise

    def check(self, flat: Mapping[str, Any]) -> None:
        """Refuse values that each are possible, but not together.

        A room's check is made where the config has all its parameters: arguments by their names, a group's name for the
        class that its option builds. Its fault is an argument, what is wrong with it in words that end where the cures
        follow, and the cures: assignments, of which one will do.

        Args:
            flat: Values by dotted key, each of them already checked on its own.

        Raises:
            ConfigError: At the first that is not.
        """
        for check in self._checks():
            parameters = inspect.signature(check).parameters
            values = {name: self._value(name, flat) for name in parameters}
            known = {name: found[0] for name, found in values.items() if found}
            needed = {name for name, one in parameters.items() if one.default is one.empty}
            if known.keys() >= needed and (fault := check(**known)) is not None:
                raise self._error(fault, known)

    def _checks(self) -> Iterator[Callable[..., Fault | None]]:
        for room in self.rooms.values():
            yield from (item for name, item in vars(room).items() if name.startswith("check_"))

    def _error(self, fault: Fault, values: Mapping[str, Any]) -> ConfigError:
        argument, why, cures = fault
        advice = (" ".join(typed(self.key_of(name), value) for name, value in cure.items()) for cure in cures)
        line = assigned(self.key_of(argument), values[argument])
        return ConfigError(f"{line}: {self.in_keys(why)} {' or '.join(advice)}")

    def _value(self, name: str, flat: Mapping[str, Any]) -> list[Any]:
        """Find the value of a check's parameter, in a list; empty where the config has no such argument."""
        if name == "nearest":
            return [nearest]
        keys = [f"{key}._target_" if key in self._groups else key for key in self.keys_of(name)]
        return [flat[key] for key in keys if key in flat]

    def _as_typed(self, code: re.Match[str]) -> str:
        owner, name, item, rest = code.groups()
        if not self.keys_of(name):
            return code[0]
        key = self.keys_of(name)[0] if owner else self.key_of(name)
        text = f"{key}{f'.{item}' if item else ''}{rest}"
        return shlex.quote(f"+{text}") if key in self.tables and rest.startswith("=") else text

    def own_keys(self, name: str) -> list[str]:
        """List the keys of the arguments that the rooms have under a name."""
        rooms = self.rooms.items()
        return [f"{prefix}.{item}".strip(".") for prefix, room in rooms for item in getattr(room, name, ())]

    def stated(self, name: str) -> Iterator[Any]:
        """Yield the items of what the rooms have under a name."""
        for room in self.rooms.values():
            yield from getattr(room, name, ())

    def named(self, name: str) -> list[tuple[str, Any]]:
        """List the items of the tables that the rooms have under a name."""
        return [item for room in self.rooms.values() for item in getattr(room, name, {}).items()]

    @cached_property
    def _types(self) -> dict[str, Any]:
        """What each key must be, as the rooms write it."""
        rooms = [*self.rooms.items(), ("", root_limits)]
        return {key: hint for prefix, room in rooms for key, hint in _leaves(room.ARGUMENTS, prefix)}

    @cached_property
    def _groups(self) -> dict[str, None]:
        parts = [key.split(".") for key in self._types]
        return {".".join(part[:end]): None for part in parts for end in range(1, len(part))}


def _leaves(arguments: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, hint in arguments.items():
        key = f"{prefix}.{name}" if prefix else name
        if isinstance(hint, Mapping):
            yield from _leaves(hint, key)
        else:
            yield key, hint


def _import_limits(names: Mapping[str, str], classes: Mapping[str, Any]) -> Limits:
    return Limits({prefix: importlib.import_module(name) for prefix, name in names.items()}, classes)


NO_LIMITS = Limits()
