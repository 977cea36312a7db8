"""The words of an error line: the nearest valid name, and what to type so that shell and Hydra both read it right."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from difflib import SequenceMatcher

CUTOFF = 0.6  # difflib's own default: below it two words have little in common

# What Hydra's grammar reads as one string without quotes (hydra/grammar/OverrideLexer.g4).
_PLAIN = re.compile(r"[\w/\-+.%@:]+", re.ASCII)


def nearest(word: str, names: Iterable[str]) -> str | None:
    """Find the name that a misspelt word most likely means.

    The last parts of dotted names count most, so that `lr` finds `optimizer.lr`, `model.layers` `model.num_layers`, and
    `model.foo` nothing.

    Args:
        word: What was typed.
        names: All valid names.

    Returns:
        The nearest name, the first of equals, or None where none is near.
    """
    known = list(names)
    scored = [(_alikeness(word.lower(), name.lower()), -index, name) for index, name in enumerate(known)]
    score, _, name = max(scored, default=(0.0, 0, ""))
    return name if score >= CUTOFF else None


def _alikeness(word: str, name: str) -> float:
    """Rate how alike two names are, from 0 to 1, which is the same."""
    word_parent, _, word_leaf = word.replace("/", ".").rpartition(".")
    name_parent, _, name_leaf = name.replace("/", ".").rpartition(".")
    leaves = SequenceMatcher(None, word_leaf, name_leaf).ratio()
    if word_leaf in re.split("[_-]", name_leaf):
        leaves = max(leaves, 0.75)
    if leaves < CUTOFF:
        return 0.0
    if word_parent and name_parent:
        return 0.75 * leaves + 0.25 * SequenceMatcher(None, word_parent, name_parent).ratio()
    # A little less for a group that was left out, or given where there is none.
    return leaves if word_parent == name_parent else 0.95 * leaves


def shown(value: object) -> str:
    """Write a config value the way the command line has it: null, true, [a,b]."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ",".join(shown(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{shown(item)}" for key, item in value.items()) + "}"
    return str(value)


def assigned(key: str, value: object) -> str:
    """Write key=value, cut to what fits into one line."""
    text = " ".join(f"{key}={shown(value)}".split())
    return text if len(text) <= 80 else text[:77] + "..."


def typed(key: str, value: object) -> str:
    """Write key=value so that it can be typed: quoted for Hydra's grammar and for the shell where they need it."""
    if isinstance(value, str) and value and not _PLAIN.fullmatch(value):
        return quoted(key, value)
    if isinstance(value, list | tuple):
        items = ",".join(_element(item) for item in value)
        return shlex.quote(f"{key}=[{items}]")
    return shlex.quote(f"{key}={shown(value)}") if value != "" else f"{key}=''"


def quoted(key: str, value: str) -> str:
    """Write key=value as one string, whatever is in it: 'key="va,lue"'."""
    return shlex.quote(f"{key}={in_quotes(value)}")


def _element(value: object) -> str:
    if isinstance(value, str) and not re.fullmatch(r"[\w/\-+.%@ ]+", value, re.ASCII):
        return in_quotes(value)
    return shown(value)


def in_quotes(value: str) -> str:
    """Write a string so that Hydra's grammar reads it as one, whatever is in it."""
    # Hydra's grammar reads a backslash as an escape only before a quote or at the end.
    text = re.sub(r'(\\*)"', r"\1\1\\" + '"', value)
    text = re.sub(r"(\\+)$", r"\1\1", text)
    return f'"{text}"'


def choice_of(group: str, options: Iterable[str]) -> str:
    """Write what to type to choose any option of a group."""
    return "one of " + ", ".join(f"{group}={option}" for option in options)


def listed(names: Iterable[str], last: str = "or") -> str:
    """Join names as in a sentence: a, b or c."""
    known = list(names)
    return known[0] if len(known) == 1 else f"{', '.join(known[:-1])} {last} {known[-1]}"


def one_line(text: str) -> str:
    """Squeeze a message into one line."""
    return " ".join(text.split())
