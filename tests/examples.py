"""Runs the examples in the docstrings of a package, found by walking it."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from types import ModuleType


def modules_of(package: ModuleType) -> list[str]:
    """Names of all modules below a package."""
    return [module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]


def failed_examples(module: str) -> int:
    """How many examples of a module do not print what they say."""
    return doctest.testmod(importlib.import_module(module)).failed


def count_examples(modules: list[str]) -> int:
    """How many docstrings of some modules have examples."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    return sum(bool(test.examples) for name in modules for test in finder.find(importlib.import_module(name)))
