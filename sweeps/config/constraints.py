"""What one config value must be, read off a type: `Annotated[int, Ge(1)]`, `Literal["min", "max"]`, `list[str] | None`.

The vocabulary is that of `typing` and `annotated_types`, so that the rooms whose limits these are need not import this
one: `int`, `float`, `str`, `bool`, `Literal`, `list`, `dict` and unions of them, with `Ge`, `Gt`, `Le`, `Lt`, `MinLen`,
`Len` and `Predicate`. `doc(...)` words what a value must be; a string stands for the value where there is none to show.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Len, MinLen, Predicate

from sweeps.config.messages import listed


@dataclass(frozen=True)
class Rule:
    """What one config value must be.

    Attributes:
        must: The words after "must be".
        holds: Whether a value is so.
        choices: All valid values, where there are few.
        placeholder: What stands for the value, as FILE; of a table for what is added to it, as 1=NAME.
        kinds: The types that it may have besides null.
    """

    must: str
    holds: Callable[[Any], bool]
    choices: tuple[str, ...] = ()
    placeholder: str = ""
    kinds: frozenset[type] = frozenset()


def rule_of(hint: Any) -> Rule | None:
    """Read a type; None where it says nothing, as `object`.

    Raises:
        TypeError: It is none of the vocabulary.
    """
    notes: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, notes = hint.__origin__, hint.__metadata__
    if hint in (object, Any):
        return None
    if get_origin(hint) in (Union, UnionType):
        return reduce(_either, get_args(hint), Rule("", lambda _: False))
    rule = _READERS[get_origin(hint) or hint](hint, notes)
    for note in notes:
        if isinstance(note, Predicate):
            rule = replace(rule, holds=_both(rule.holds, note.func))
    words = next((note.documentation for note in notes if hasattr(note, "documentation")), rule.must)
    placeholder = next((note for note in notes if isinstance(note, str)), "")
    return replace(rule, must=words, placeholder=placeholder, kinds=frozenset({get_origin(hint) or hint}))


def like(default: object) -> Rule | None:
    """Return the rule of a value without one of its own: to be of its default's type; None where that says nothing."""
    return rule_of(type(default)) if isinstance(default, bool | int | float | str | list) else None


def is_whole(value: object) -> bool:
    """Return whether a value is a whole number, and no truth value."""
    return isinstance(value, int) and not isinstance(value, bool)


def _either(rule: Rule, hint: Any) -> Rule:
    if hint is NoneType:
        return replace(rule, must=f"{rule.must}, or null", holds=lambda value: value is None or rule.holds(value))
    other = rule_of(hint)
    assert other is not None
    return Rule(
        f"{rule.must}, or {other.must}" if rule.must else other.must,
        lambda value: rule.holds(value) or other.holds(value),
        (*rule.choices, *other.choices),
        rule.placeholder or other.placeholder,
        rule.kinds | other.kinds,
    )


def _both(first: Callable[[Any], bool], second: Callable[[Any], Any]) -> Callable[[Any], bool]:
    return lambda value: first(value) and bool(second(value))


def _whole(_: Any, notes: tuple[Any, ...]) -> Rule:
    span, inside = _span(notes, whole=True)
    return Rule(f"a whole number{span and f', {span}'}", lambda value: is_whole(value) and inside(value))


def _number(_: Any, notes: tuple[Any, ...]) -> Rule:
    span, inside = _span(notes)
    return Rule(f"a number{span and f', {span}'}", lambda value: _is_number(value) and inside(value))


def _span(notes: tuple[Any, ...], *, whole: bool = False) -> tuple[str, Callable[[float], bool]]:
    """Word a range that has a lower end at least, and check it."""
    bounds = {name: getattr(note, name) for note in notes for name in _COMPARE if hasattr(note, name)}
    if not bounds:
        return "", lambda _: True
    low: Any = bounds.get("ge", bounds.get("gt"))
    high: Any = bounds.get("le", bounds.get("lt"))
    if "ge" in bounds:
        joint = " or " if whole and high == low + 1 else " to " if "le" in bounds else " to below "
        words = f"{low} or more" if high is None else f"{low}{joint}{high}"
    else:
        joint = " and up to " if "le" in bounds else " and below "
        words = f"above {low}" if high is None else f"above {low}{joint}{high}"
    return words, lambda value: all(_COMPARE[name](value, bound) for name, bound in bounds.items())


def _list(hint: Any, notes: tuple[Any, ...]) -> Rule:
    item = get_args(hint)
    if not item:
        return Rule("a list", lambda value: isinstance(value, list))
    if item[0] is str:
        return Rule("a list of different names", _are_names)
    count = next((note.min_length for note in notes if isinstance(note, Len)), None)
    kind, bounds = item[0].__origin__, item[0].__metadata__
    span, inside = _span(bounds)
    return Rule(
        f"a list of {'' if count is None else f'{count} '}numbers, each {'a whole number ' * (kind is int)}{span}",
        lambda value: (
            isinstance(value, list)
            and (bool(value) if count is None else len(value) == count)
            and all(_is_number(item) and inside(item) and (kind is float or item == int(item)) for item in value)
        ),
    )


def _table(hint: Any, notes: tuple[Any, ...]) -> Rule:
    item = rule_of(get_args(hint)[1])
    return Rule(
        "a table",
        lambda value: (
            isinstance(value, dict)
            and len(value) >= _least(notes)
            and (item is None or all(map(item.holds, value.values())))
        ),
    )


def _text(_: Any, notes: tuple[Any, ...]) -> Rule:
    return Rule("a name", lambda value: isinstance(value, str) and len(value.strip()) >= _least(notes))


def _least(notes: tuple[Any, ...]) -> int:
    return max((note.min_length for note in notes if isinstance(note, MinLen)), default=0)


def _choice(hint: Any, _: tuple[Any, ...]) -> Rule:
    choices = get_args(hint)
    return Rule(listed(choices), lambda value: isinstance(value, str) and value in choices, choices)


def _flag(_: Any, __: tuple[Any, ...]) -> Rule:
    return Rule("true or false", lambda value: isinstance(value, bool), ("true", "false"))


_COMPARE = {"ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt}
_READERS: Mapping[Any, Callable[[Any, tuple[Any, ...]], Rule]] = {
    bool: _flag,
    int: _whole,
    float: _number,
    str: _text,
    list: _list,
    dict: _table,
    Literal: _choice,
}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value) and len(set(value)) == len(value)
