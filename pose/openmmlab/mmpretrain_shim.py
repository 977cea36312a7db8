"""MMPretrain, which has the transformer of ViTPose, without the package by which it lists its models.

That package, model-index, installs its own tests as a package called `tests`, which hides ours and any other project's.
Building a network needs none of it.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from pose.errors import DataError

# What MMPretrain imports, and from where.
_NAMES = {"modelindex.load_model_index": "load", "modelindex.models.Model": "Model"}


@contextmanager
def without_mmpretrain() -> Iterator[None]:
    """Hide MMPretrain, which MMDet would import for seconds, for what is not used here."""
    if "mmpretrain" in sys.modules:
        yield
        return
    absent: Any = None  # as the import system has it: looking for it ends there
    sys.modules["mmpretrain"] = absent
    try:
        yield
    finally:
        del sys.modules["mmpretrain"]


@cache
def import_mmpretrain() -> None:
    """Enter MMPretrain's parts into the registries.

    Raises:
        DataError: it is not installed.
    """
    if find_spec("mmpretrain") is None:
        raise DataError("this network is built with MMPretrain, which is not installed: type make pose")
    if find_spec("modelindex") is None:
        for module, name in _NAMES.items():
            _enter(module, name)
    importlib.import_module("mmpretrain.models")


def _enter(module: str, name: str) -> None:
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:count]), ModuleType(".".join(parts[:count])))
    setattr(sys.modules[module], name, type(name, (), {}))
