"""Which point of a grid a job is: a hash of what it computes, on which data, by which code."""

from __future__ import annotations

import ast
import functools
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import DictConfig

from sweeps.config.limits import Limits
from sweeps.config.schema import PROJECT_ROOT
from sweeps.tracking.params import plain

CODE = ("pose", "datamodules", "lightning_modules")  # what a result depends on
# Where and how a run is carried out and shown, not what it computes.
_NOT_IN_CELL = ("hydra", "tracking", "sweep", "progress", "output_dir", "num_threads")


class Cell(NamedTuple):
    """The hashes of a job, 16 hex digits each.

    Attributes:
        id: of its resolved configuration (seed included), its data and the code.
        any_code: of the first two: the same whatever becomes of the code.
    """

    id: str
    any_code: str


def cell_of(cfg: DictConfig, data_digest: str, limits: Limits) -> Cell:
    """Hash what a job computes.

    Left out is what changes no result: tracking, the sweep, the progress bar, folders, threads and loader processes,
    and where the data lies, since its content counts.

    Args:
        cfg: the job's config; Hydra's own part is left out.
        data_digest: of its key points and labels; "" where there is none, and then where they come from counts.
        limits: what the rooms say about their arguments.
    """
    config = {key: value for key, value in plain(cfg).items() if key not in _NOT_IN_CELL}
    for key in limits.own_keys("NOT_IN_RESULT") + (limits.own_keys("BEHIND_THE_DATA") if data_digest else []):
        _drop(config, key)
    as_text = json.loads(json.dumps(config, default=str))  # a table typed as {7:jump} has a number among its keys
    any_code = _hash([json.dumps(as_text, sort_keys=True, separators=(",", ":")), data_digest])
    return Cell(_hash([any_code, code_digest()]), any_code)


def _drop(config: dict[str, Any], key: str) -> None:
    head, _, rest = key.partition(".")
    if not rest:
        config.pop(head, None)
    elif isinstance(config.get(head), dict):
        _drop(config[head], rest)


def _hash(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


@functools.cache
def code_digest(root: Path = PROJECT_ROOT) -> str:
    """Hash the code of the rooms that results depend on; comments, docstrings and layout do not count.

    Args:
        root: folder of the rooms.
    """
    files = sorted(file for room in CODE for file in (root / room).rglob("*.py"))
    return _hash(f"{file.relative_to(root).as_posix()} {_code_of(file.read_bytes())}" for file in files)


def _code_of(source: bytes) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()
