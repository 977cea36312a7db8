"""The examples in the docstrings of sweeps.statistics."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

from sweeps import statistics

MODULES = [
    importlib.import_module(f"{statistics.__name__}.{info.name}") for info in pkgutil.iter_modules(statistics.__path__)
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_public_function_has_an_example_that_runs(module):
    own = [f for name, f in inspect.getmembers(module, inspect.isfunction) if f.__module__ == module.__name__]
    without = [function.__name__ for function in own if function.__name__[0] != "_" and ">>>" not in function.__doc__]
    assert own
    assert without == []
    results = doctest.testmod(module)
    assert (results.failed, results.attempted > 0) == (0, True)
