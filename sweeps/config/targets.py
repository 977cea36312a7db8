"""What a config may build: a `_target_` names a class of this repository, torch.optim or Lightning, and nothing else.

A config can come from elsewhere (from_run of a shared MLflow store, a colleague's preset), and Hydra calls whatever it
names. Looking at the first word is not enough: `torch.optim.adam.torch.hub.load` walks out of torch.optim through its
imports. So a target is a source file and a class that the file defines or takes from its own package.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sweeps.config.hydra_adapter import PLUGINS
from sweeps.config.messages import assigned, listed, nearest, typed
from sweeps.config.schema import PROJECT_ROOT
from sweeps.errors import ConfigError

ROOMS = ("pose", "datamodules", "lightning_modules", "sweeps")
LIBRARIES = ("torch.optim", "pytorch_lightning")
OWN_PLUGINS = "hydra_plugins."


def check_targets(config: object, default: object = None) -> None:
    """Refuse every `_target_` that is not a class of ROOMS or LIBRARIES.

    Args:
        config: The config as plain dicts and lists, interpolations resolved.
        default: The same without what the user changed: where the line's "type" comes from.

    Raises:
        ConfigError: At the first that is not.
    """
    defaults = dict(find_targets(default))
    for key, target in find_targets(config):
        fault = _fault(target) if key.endswith("_target_") else "calls what it names"
        if fault is not None:
            module, _, name = str(target).rpartition(".")
            near = nearest(name, sorted(_classes_of(module)))
            known = f"{module}.{near}" if near else defaults.get(key)
            advice = f"; type {typed(key, known)}" if known is not None and known != target else ""
            raise ConfigError(f"{assigned(key, target)}: {fault}{advice}")


def check_hydra_targets(config: object) -> None:
    """Refuse all but plugins in Hydra's own part of the config, where logging may name any callable with `()`.

    Raises:
        ConfigError: At the first that is not a plugin.
    """
    for key, target in find_targets(config, "hydra"):
        if key.endswith("_target_") and str(target).startswith((OWN_PLUGINS, PLUGINS)):
            continue
        if key.endswith("_target_") and _fault(target) is None:
            continue
        raise ConfigError(f"{assigned(key, target)}: not a plugin in hydra_plugins/; leave it out")


def find_targets(node: object, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield key and value of every `_target_`, and of logging's `()`, at any depth; null targets left out."""
    if isinstance(node, dict):
        for name, value in node.items():
            path = f"{key}.{name}" if key else str(name)
            if name in ("_target_", "()") and value is not None:
                yield path, value
            else:
                yield from find_targets(value, path)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from find_targets(value, f"{key}[{index}]")


def _fault(target: object) -> str | None:
    """Say what is wrong with a target, None if nothing is."""
    module, _, name = str(target).rpartition(".")
    if not module.startswith(ROOMS + LIBRARIES) or not all(part.isidentifier() for part in str(target).split(".")):
        return f"only classes of {listed(ROOMS + LIBRARIES, 'and')} can be built"
    classes = _classes_of(module)
    return None if name in classes else "no such class"


@cache
def _classes_of(module: str) -> frozenset[str]:
    """Read off a module's source, without running it, which public classes it defines or takes from its own package."""
    allowed = next((name for name in ROOMS + LIBRARIES if f"{module}.".startswith(f"{name}.")), None)
    path = None if allowed is None else _source_of(module)
    if allowed is None or path is None:
        return frozenset()
    names: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.ImportFrom) and (node.level or f"{node.module}.".startswith(f"{allowed}.")):
            names.update(alias.asname or alias.name for alias in node.names)
    return frozenset(name for name in names if name[0].isupper())


def _source_of(module: str) -> Path | None:
    top, *rest = module.split(".")
    if top in ROOMS:
        folders = [PROJECT_ROOT / top]
    else:
        spec = find_spec(top)  # finds a top-level package without importing it
        folders = [Path(folder) for folder in (spec.submodule_search_locations or [])] if spec else []
    for folder in folders:
        base = folder.joinpath(*rest)
        for path in (base / "__init__.py", base.with_suffix(".py")):
            if path.is_file():
                return path
    return None
