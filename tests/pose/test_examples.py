"""The examples in the docstrings of pose are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from types import ModuleType
from typing import Any

import pytest

import pose

# The demo's networks are configurations, which MMDet and MMPose read.
MODULES = sorted(
    module.name for module in pkgutil.walk_packages(pose.__path__, "pose.") if not module.name.endswith("_narrow")
)
EXEMPLARY = (
    "pose.clip",
    "pose.interpolation",
    "pose.io.atomic",
    "pose.io.safe_pickle",
    "pose.nms",
    "pose.oks",
    "pose.readers.aihub",
    "pose.readers.alphapose",
    "pose.readers.openpose",
    "pose.readers.pyskl",
    "pose.simulator.source",
    "pose.skeletons",
    "pose.trackers.oks",
    "pose.trackers.single_person",
)


class Runner(doctest.DocTestRunner):
    """Skips examples of what `make pose` installs where it was not typed."""

    def report_unexpected_exception(self, out: Any, test: Any, example: Any, exc_info: Any) -> None:
        if isinstance(exc_info[1], ModuleNotFoundError):
            pytest.skip(f"{exc_info[1]}: make pose")
        super().report_unexpected_exception(out, test, example, exc_info)


def examples(name: str) -> list[doctest.DocTest]:
    module: ModuleType = importlib.import_module(name)
    return [found for found in doctest.DocTestFinder().find(module) if found.examples]


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name: str) -> None:
    runner = Runner()
    for example in examples(name):
        runner.run(example)
    assert runner.failures == 0


@pytest.mark.parametrize("name", EXEMPLARY)
def test_what_a_notebook_uses_has_examples(name: str) -> None:
    assert examples(name)
