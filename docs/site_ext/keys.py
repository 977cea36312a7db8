"""Reads every group, option and key of conf/, with the comment that stands beside it, into Markdown for one page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

_ROOTS = ("train", "extract", "compare", "report")
# The groups in the order of a reader's questions, with what they choose.
GROUPS = {
    "datamodule": "Where the key points come from, and how they become windows.",
    "datamodule/split": "What is held out for the test.",
    "model": "What is trained.",
    "loss": "What is made small.",
    "optimizer": "How it is made small.",
    "scheduler": "How the learning rate changes.",
    "trainer": "How long, and on what machine.",
    "tracking": "Where runs are kept.",
    "pose/detector": "What finds people in a picture.",
    "pose/estimator": "What finds their joints.",
    "pose/nms": "What drops a person who was found twice.",
    "pose/tracker": "What follows a person from frame to frame.",
    "hydra/launcher": "Where the jobs of a sweep run. With `-m`.",
    "hydra/sweeper": "Which jobs a sweep has: every combination (`basic`, Hydra's own) or a search. With `-m`.",
    "experiment": "Named sets of choices. Type `experiment=NAME`.",
    "sweep": "Named sweeps. Type `-m +sweep=NAME`.",
    "datamodule/common": "What several options of `datamodule` share. Not chosen by name.",
    "pose/common": "What several options of `pose` share. Not chosen by name.",
}
_UNSHOWN = ("defaults", "_target_")


@dataclass(frozen=True)
class Key:
    """One key of a file.

    Attributes:
        name: With the names of the tables that it lies in: `sweep.name`.
        value: As it stands in the file.
        comment: Beside it, else in the lines above it; empty where there is none.
    """

    name: str
    value: str
    comment: str


@dataclass(frozen=True)
class Option:
    """One file of conf/.

    Attributes:
        path: Of the file.
        about: The comment at its top.
        is_preset: It sets keys of other groups, whose comments stand there.
        builds: The class that it makes; empty where it makes none.
        bases: The options of the same group, or of a `common` group, whose keys it takes over.
        keys: In their order.
    """

    path: Path
    about: str
    is_preset: bool
    builds: str
    bases: tuple[str, ...]
    keys: tuple[Key, ...]


def read_option(path: Path) -> Option:
    """Read one file of conf/.

    Args:
        path: A YAML file whose top is a table.
    """
    text = path.read_text()
    lines = text.splitlines()
    top = [line.removeprefix("#").strip() for line in _comments_from(lines, 0)]
    node = yaml.compose(text)
    plain = yaml.safe_load(text)
    return Option(
        path,
        about=" ".join(line for line in top if not line.startswith("@package")),
        is_preset=bool(top) and top[0].startswith("@package _global_"),
        builds=str(plain.get("_target_") or ""),
        bases=tuple(_bases(plain.get("defaults", []))),
        keys=tuple(_keys(node, lines, "")),
    )


def read_group(conf: Path, group: str) -> list[Option]:
    """Read all options of a group, by name."""
    return [read_option(path) for path in sorted((conf / group).glob("*.yaml"))]


def write_page(conf: Path) -> str:
    """Write the reference of every root, group, option and key as Markdown, below the title of `docs/keys.md`."""
    roots = [f"(root-{name})=\n### `{name}.py`\n\n{_section(read_option(conf / f'{name}.yaml'))}" for name in _ROOTS]
    groups = [_group(conf, group, about) for group, about in GROUPS.items()]
    return "\n".join(["## At the root\n", *roots, "## Groups\n", *groups])


def _group(conf: Path, group: str, about: str) -> str:
    options = [f"#### `{option.path.stem}`\n\n{_section(option)}" for option in read_group(conf, group)]
    return "\n".join([f"### `{group}`\n\n{about}\n", *options])


def _section(option: Option) -> str:
    lines = [_plain(option.about), ""]
    if option.builds:
        lines += [f"Builds `{option.builds}`.", ""]
    if option.bases:
        lines += [f"Also has the keys of {', '.join(f'`{base}`' for base in option.bases)}.", ""]
    if option.keys:
        rows = [f"| `{key.name}` | {_code(key.value)} | {_cell(_plain(key.comment))} |" for key in option.keys]
        lines += [":::{container} keys", "| key | value | |", "|---|---|---|", *rows, ":::"]
    return "\n".join([*lines, ""])


def _code(text: str) -> str:
    return _cell(f"`{text}`") if text else ""


def _plain(text: str) -> str:
    """Escape what Markdown would take for markup, but for code in backticks."""
    parts = re.split(r"(`[^`]+`)", text)
    parts[::2] = [re.sub(r"[*_<\[]", r"\\\g<0>", part) for part in parts[::2]]
    return "".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _bases(defaults: list[object]) -> Iterator[str]:
    for entry in defaults:
        if isinstance(entry, str) and entry != "_self_" and not entry.endswith("_schema"):
            yield entry
        elif isinstance(entry, dict):
            inherited = ((group.split("@")[0].lstrip("/"), name) for group, name in entry.items() if "@_here_" in group)
            yield from (f"{group}/{name}" for group, name in inherited)


def _keys(node: yaml.MappingNode, lines: list[str], prefix: str) -> Iterator[Key]:
    for name, value in node.value:
        if not prefix and name.value in _UNSHOWN:
            continue
        in_full = f"{prefix}{name.value}"
        is_table = isinstance(value, yaml.MappingNode) and not value.flow_style
        comment = _comment_of(lines, name.start_mark, name.end_mark if is_table else value.end_mark)
        if is_table:
            yield Key(in_full, "", comment)
            yield from _keys(value, lines, f"{in_full}.")
        else:
            yield Key(in_full, _written(lines, value), comment)


def _written(lines: list[str], value: yaml.Node) -> str:
    start, end = value.start_mark, value.end_mark
    return lines[start.line][start.column : end.column] if start.line == end.line else ""


def _comment_of(lines: list[str], start: yaml.Mark, end: yaml.Mark) -> str:
    beside = lines[end.line][end.column :].lstrip(": ")
    if beside.startswith("#"):
        return beside.removeprefix("#").strip()
    first = start.line
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    # The lines at the top are about the file.
    above = lines[first : start.line] if first > 0 else []
    return " ".join(line.strip().removeprefix("#").strip() for line in above)


def _comments_from(lines: list[str], first: int) -> Iterator[str]:
    for line in lines[first:]:
        if not line.startswith("#"):
            return
        yield line
