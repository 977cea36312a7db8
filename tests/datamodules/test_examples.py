"""Every example in a docstring of this room runs and prints what it says."""

from __future__ import annotations

import pytest

import datamodules
from tests.examples import count_examples, failed_examples, modules_of

MODULES = modules_of(datamodules)


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    assert failed_examples(name) == 0


def test_the_room_has_examples() -> None:
    assert count_examples(MODULES) >= 10
