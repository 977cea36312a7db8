"""Files of weights: tensors are read, and nothing that a file names is run."""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from pose.errors import DataError
from pose.weights.choice import FileWeights, RandomWeights, choose_weights
from pose.weights.config_files import ConfigFile
from pose.weights.files import read_weights, write_weights

CONFIG = ConfigFile("mmpose::unknown.py")


class Calls:
    """Pickles as a call of `function`."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


def spoilt(path: Path, function: Any, *arguments: Any, zipped: bool, beside: bool) -> Path:
    """A checkpoint with weights and a call, in the place of a weight or beside them."""
    call = Calls(function, *arguments)
    state = {"weight": torch.ones(2)}
    content = {"state_dict": state, "meta": call} if beside else {"state_dict": {**state, "other": call}}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("beside", [True, False], ids=["meta", "state_dict"])
@pytest.mark.parametrize("function", [os.system, eval, __import__("subprocess").getoutput, getattr])
def test_nothing_is_run(tmp_path, function, zipped, beside):
    trace = tmp_path / "trace"
    arguments = {
        os.system: (f"touch {trace}",),
        eval: (f"open({str(trace)!r}, 'w')",),
        getattr: (Calls(open, str(trace), "w"), "name"),
    }.get(function, (f"touch {trace}",))
    path = spoilt(tmp_path / "spoilt.pth", function, *arguments, zipped=zipped, beside=beside)
    with pytest.raises(DataError, match=r"spoilt.pth is not read: it wants to run \S+; only tensors are read") as error:
        FileWeights(str(path)).load()
    assert len(str(error.value).splitlines()) == 1
    assert not trace.exists()


def test_what_it_wants_to_run_is_named_and_does_not_reach_the_terminal(tmp_path):
    path = spoilt(tmp_path / "a.pth", os.system, "true", zipped=True, beside=True)
    with pytest.raises(DataError, match=r"wants to run posix.system;"):
        read_weights(path)
    legacy = tmp_path / "b.pth"
    legacy.write_bytes(b"\x80\x02cos\x1b[2J\nsystem\x1b[2J\n.")
    with pytest.raises(DataError) as error:
        read_weights(legacy)
    assert "\x1b" not in str(error.value)


def test_getattr_of_official_files_gives_nothing(tmp_path):
    torch.save({"state_dict": {"a": torch.ones(1)}, "meta": Calls(getattr, "text", "upper")}, tmp_path / "a.pth")
    assert list(read_weights(tmp_path / "a.pth")) == ["a"]


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_weights_come_back(tmp_path, zipped):
    state = {"module.a": torch.randn(2, 3), "module.b": torch.tensor(3), "ema_a": torch.ones(1)}
    torch.save(
        {"state_dict": state, "optimizer": {"lr": 0.1}}, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped
    )
    found = read_weights(tmp_path / "a.pth")
    assert list(found) == ["a", "b"]
    assert torch.equal(found["a"], state["module.a"])


def test_versions_of_modules_go_with_the_weights(tmp_path):
    state: Any = OrderedDict(a=torch.ones(2, 2).t(), b=torch.ones(4)[:2])
    state._metadata = OrderedDict({"": {"version": 3}})
    write_weights(tmp_path / "a.safetensors", state)
    found = read_weights(tmp_path / "a.safetensors")
    assert torch.equal(found["a"], state["a"])
    assert found._metadata == {"": {"version": 3}}
    write_weights(tmp_path / "b.safetensors", dict(state))
    assert not hasattr(read_weights(tmp_path / "b.safetensors"), "_metadata")


@pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
@pytest.mark.parametrize("content", [b"", b"something else", None])
def test_files_that_are_not_whole(tmp_path, name, content):
    if content is None:
        tensors = {"a": torch.ones(100)}
        save_file(tensors, tmp_path / name) if name.endswith("s") else torch.save(tensors, tmp_path / name)
        content = (tmp_path / name).read_bytes()[:-50]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match="whole") as error:
        read_weights(tmp_path / name)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("content", [[1, 2], {"epoch": 3}, {"state_dict": [1]}, {"state_dict": {"a": 1}}])
def test_files_without_weights(tmp_path, content):
    torch.save(content, tmp_path / "a.pth")
    with pytest.raises(DataError, match="holds no weights"):
        read_weights(tmp_path / "a.pth")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"no weights at .*: use official, random or a file"):
        read_weights(tmp_path / "none.pth")
    with pytest.raises(
        DataError, match=r"cannot be read \(No such file or directory\): use official, random or a file"
    ):
        FileWeights(str(tmp_path / "none.pth")).identity  # noqa: B018


def test_identities_tell_weights_apart_without_a_path(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        save_file({"a": torch.ones(2)}, tmp_path / folder / "w.safetensors")
    one, two = (FileWeights(str(tmp_path / folder / "w.safetensors")).identity for folder in ("one", "two"))
    assert one == two
    assert one.startswith("sha256 ")
    save_file({"a": torch.zeros(2)}, tmp_path / "two/w.safetensors")
    assert FileWeights(str(tmp_path / "two/w.safetensors")).identity != one


def test_random_weights_have_a_seed():
    assert choose_weights("random", CONFIG, None) == RandomWeights(0)
    assert choose_weights("random:7", CONFIG, None).identity == "random, seed 7"
    assert choose_weights("random.pth", CONFIG, None) == FileWeights("random.pth")
