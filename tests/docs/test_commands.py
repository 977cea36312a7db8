"""What the pages say to type can be typed: every command is composed and checked, as it is before a job starts."""

from __future__ import annotations

import shlex
import sys
from importlib import import_module
from pathlib import Path

import pytest

import sweeps.entrypoint
from tests.docs.pages import BLOCK, PAGES

DOORS = ("train", "extract", "compare", "report")
THERE = ("DIR", "IMAGES", "FOLDER")  # what the lines name must be there
FILES = (
    "ntu60_2d.pkl",
    "films.csv",
    "person_keypoints.json",
    "COCO.json",
    "coco.json",
    "alphapose-results.json",
    "FILE",
)
PLACEHOLDERS = {"$PORT": "5000", "$HOME": "/home/anna", "RUN_ID": "0" * 32}


class Checked(BaseException):
    """Ends a command once it has been checked."""


def commands(page: Path) -> list[str]:
    """Find the lines of a page that start a door, without the comments behind them."""
    blocks = [block["text"].replace("\\\n", " ") for block in BLOCK.finditer(page.read_text())]
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [
        line.split(" #")[0].rstrip() for line in lines if line.startswith(tuple(f"python {door}.py" for door in DOORS))
    ]


COMMANDS = sorted({command for page in PAGES for command in commands(page)})


def test_there_are_commands_of_every_door() -> None:
    assert {command.split()[1].removesuffix(".py") for command in COMMANDS} == set(DOORS)
    assert len(COMMANDS) > 30


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_one_that_the_program_takes(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for placeholder, value in PLACEHOLDERS.items():
        command = command.replace(placeholder, value)
    _, script, *words = shlex.split(command)
    door = import_module(script.removesuffix(".py"))
    check = sweeps.entrypoint.preflight

    def check_only(*arguments: object, **options: object) -> object:
        check(*arguments, **options)
        raise Checked

    monkeypatch.setattr(sweeps.entrypoint, "preflight", check_only)
    monkeypatch.setattr(sys, "argv", [script, *words])
    monkeypatch.chdir(tmp_path)
    for folder in THERE:
        (tmp_path / folder).mkdir()
    for file in FILES:
        (tmp_path / file).touch()
    try:
        door.main()
    except Checked:
        pass
    except SystemExit as end:  # --help
        assert not end.code, capsys.readouterr().err
