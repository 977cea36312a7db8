"""Kinds of rules for one config value: what it must be, in words, and whether it is."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sweeps.config.messages import listed


@dataclass(frozen=True)
class Rule:
    """What one config value must be.

    Attributes:
        must: The words after "must be".
        holds: Whether a value is so.
        choices: All valid values, where there are few.
    """

    must: str
    holds: Callable[[Any], bool]
    choices: tuple[str, ...] = ()


def whole(low: int, high: int | None = None) -> Rule:
    """A whole number of at least `low` and, unless None, at most `high`."""
    between = "or" if high == low + 1 else "to"
    span = f"{low} or more" if high is None else f"{low} {between} {high}"
    return Rule(
        f"a whole number, {span}",
        lambda value: _is_whole(value) and low <= value and (high is None or value <= high),
    )


def number(span: str, inside: Callable[[float], bool]) -> Rule:
    """A finite number for which `inside` is true; `span` says so in words."""
    return Rule(f"a number, {span}", lambda value: _is_number(value) and inside(value))


def one_of(*choices: str) -> Rule:
    """One of a few names."""
    return Rule(listed(choices), lambda value: isinstance(value, str) and value in choices, choices)


def flag() -> Rule:
    """True or false."""
    return Rule("true or false", lambda value: isinstance(value, bool), ("true", "false"))


def text() -> Rule:
    """A string that is not empty."""
    return Rule("a name", lambda value: isinstance(value, str) and bool(value.strip()))


def names() -> Rule:
    """A list of different strings."""
    return Rule("a list of different names", _are_names)


def table(*, empty: bool = False) -> Rule:
    """A dict from anything to strings that are not empty; itself empty only where that is allowed."""
    return Rule(
        "a table of names, as {1: walk}",
        lambda value: (
            isinstance(value, dict) and (empty or bool(value)) and all(text().holds(item) for item in value.values())
        ),
    )


def files() -> Rule:
    """A dict from names to paths; it may be empty."""
    return Rule(
        "a table of paths, as {alphapose: results.json}",
        lambda value: isinstance(value, dict) and all(text().holds(item) for item in value.values()),
    )


def settings() -> Rule:
    """A dict from names to dicts; it may be empty."""
    return Rule(
        "a table of tables, as {hrnet_w32: {flip_test: false}}",
        lambda value: isinstance(value, dict) and all(isinstance(item, dict) for item in value.values()),
    )


def numbers(span: str, inside: Callable[[float], bool], count: int | None = None) -> Rule:
    """A list of numbers, each `inside`; of `count` of them unless None."""
    return Rule(
        f"a list of {'' if count is None else f'{count} '}numbers, each {span}",
        lambda value: (
            isinstance(value, list)
            and (bool(value) if count is None else len(value) == count)
            and all(_is_number(item) and inside(item) for item in value)
        ),
    )


def either(*rules: Rule) -> Rule:
    """Any of several rules."""
    return Rule(
        ", or ".join(rule.must for rule in rules),
        lambda value: any(rule.holds(value) for rule in rules),
        tuple(choice for rule in rules for choice in rule.choices),
    )


def optional(rule: Rule) -> Rule:
    """The rule, or null."""
    return Rule(f"{rule.must}, or null", lambda value: value is None or rule.holds(value), rule.choices)


def matching(pattern: str, must: str) -> Rule:
    """A string that a regex matches from end to end."""
    return Rule(must, lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None)


def like(default: object) -> Rule | None:
    """The rule of a value without one of its own: to be of its default's type; None where that says nothing."""
    if isinstance(default, bool):
        return flag()
    if isinstance(default, int):
        return Rule("a whole number", _is_whole)
    if isinstance(default, float):
        return Rule("a number", _is_number)
    if isinstance(default, str):
        return Rule("a name", lambda value: isinstance(value, str))
    if isinstance(default, list):
        return Rule("a list", lambda value: isinstance(value, list))
    return None


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value) and len(set(value)) == len(value)
