"""Whatever is wrong with somebody's file: it is read, or refused in one line."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pose.errors import DataError
from pose.readers.aihub import AIHubSource
from pose.readers.alphapose import AlphaPoseSource
from pose.readers.openpose import OpenPoseSource
from tests.pose.readers.formats import person, write_aihub, write_alphapose, write_openpose

ODD: list[Any] = [None, True, -1, 0, 1.5, 1e300, -1e300, float("nan"), float("inf"), 10**30, 10**400, "", "7", "x"]
ODD += [[], {}, [1], {"a": 1}, [[]], [None], "2018-07-04T12_04_17.7.png", "9" * 40]

FORMATS: dict[str, tuple[Callable[[Path], Path], Callable[[Path], Any]]] = {
    "alphapose": (
        lambda folder: write_alphapose(folder / "sit" / "a.json", [person(frames=12), person(frames=12, x=900)]),
        AlphaPoseSource,
    ),
    "openpose": (
        lambda folder: write_openpose(folder / "sit" / "a", [person("body25", 12)]) / "a_000000000003_keypoints.json",
        OpenPoseSource,
    ),
    "aihub": (
        lambda folder: write_aihub(folder, [person("aihub16", 12)]),
        lambda folder: AIHubSource(folder, {1: "walk"}),
    ),
}


def spoil(content: Any, draw: random.Random) -> Any:
    """Change, leave out or double one value somewhere."""
    holder, depth = content, draw.randint(1, 5)
    for _ in range(depth - 1):
        inside = [value for value in (holder.values() if isinstance(holder, dict) else holder) if value]
        inside = [value for value in inside if isinstance(value, dict | list)]
        if not inside:
            break
        holder = draw.choice(inside)
    key = draw.choice(list(holder)) if isinstance(holder, dict) else draw.randrange(len(holder))
    match draw.randrange(4):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, list):
            holder.insert(key, holder[key])
        case _:
            holder[key] = draw.choice(ODD)
    return content


@pytest.mark.parametrize("name", FORMATS)
def test_a_spoilt_file_is_read_or_refused_in_one_line(name: str, tmp_path: Path) -> None:
    write, read = FORMATS[name]
    path = write(tmp_path)
    whole, draw = path.read_text(), random.Random(0)
    ended = {"read": 0, "refused": 0}
    for _ in range(400):
        path.write_text(json.dumps(spoil(json.loads(whole), draw)))
        try:
            clips = read(tmp_path).clips()
        except DataError as error:
            assert "\n" not in str(error)
            assert str(tmp_path) in str(error)
            ended["refused"] += 1
        else:
            assert all((clip.scores >= 0).all() and (clip.scores <= 1).all() for clip in clips)
            ended["read"] += 1
    assert min(ended.values()) > 40, ended


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_was_cut_is_refused_in_one_line(name: str, tmp_path: Path) -> None:
    write, read = FORMATS[name]
    path = write(tmp_path)
    whole = path.read_bytes()
    for end in range(0, len(whole) - 1, len(whole) // 50):
        path.write_bytes(whole[:end])
        with pytest.raises(DataError, match="is not whole JSON") as caught:
            read(tmp_path).clips()
        assert "\n" not in str(caught.value)
