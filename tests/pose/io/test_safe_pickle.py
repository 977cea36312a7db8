"""Foreign pickles: arrays are read, and nothing that a pickle names is run."""

from __future__ import annotations

import builtins
import os
import pickle
import resource
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pose.clip import Clip
from pose.errors import DataError
from pose.io.safe_pickle import load_arrays

PLAIN = {
    "split": {"train": ["a", "b"]},
    "annotations": [{"label": np.int64(3), "keypoint": np.arange(24, dtype=np.float16).reshape(1, 6, 2, 2)}],
    "more": (1.5, None, True, b"bytes", {1, 2}, frozenset({3}), 2j, bytearray(b"x"), OrderedDict(a=1)),
}


class Calls:
    """Pickles as a call of `function`."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


def write(path: Path, content: Any, protocol: int = 4) -> Path:
    path.write_bytes(pickle.dumps(content, protocol))
    return path


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_and_containers_are_read_in_every_protocol(protocol: int, tmp_path: Path) -> None:
    read = load_arrays(write(tmp_path / "a.pkl", PLAIN, protocol))
    keypoints = read["annotations"][0]["keypoint"]
    assert keypoints.dtype == np.float16
    np.testing.assert_array_equal(keypoints, PLAIN["annotations"][0]["keypoint"])
    assert (read["split"], read["more"], read["annotations"][0]["label"]) == (PLAIN["split"], PLAIN["more"], 3)


@pytest.mark.filterwarnings("ignore:numpy.core:DeprecationWarning")
@pytest.mark.parametrize("protocol", [2, 5])
def test_pickles_of_the_numpy_before_2_are_read(protocol: int, tmp_path: Path) -> None:
    new = pickle.dumps(PLAIN["annotations"], protocol)
    # Protocol 4 and later write the length of a name before it: one byte, 8c.
    for module in (b"numpy._core.multiarray", b"numpy._core.numeric"):
        old = module.replace(b"_core", b"core")
        new = new.replace(bytes([0x8C, len(module)]) + module, bytes([0x8C, len(old)]) + old).replace(module, old)
    assert b"numpy.core." in new
    if protocol == 5:  # a frame's length is written too: without the frame there is none to be wrong
        assert new[2:3] == b"\x95"
        new = new[:2] + new[11:]
    (tmp_path / "old.pkl").write_bytes(new)
    read = load_arrays(tmp_path / "old.pkl")
    np.testing.assert_array_equal(read[0]["keypoint"], PLAIN["annotations"][0]["keypoint"])


def hostile(name: str, mark: Path) -> Any:
    command = Calls(os.system, f"touch {mark}")
    nested = np.empty((2, 2), object)
    nested[1, 1] = [command]
    clip = Clip("a", np.zeros((1, 1, 2)), np.zeros((1, 1)), None, "a", skeleton="custom-1")
    return {
        "a command": command,
        "a command in an array": {"annotations": [{"keypoint": nested}]},
        "eval": Calls(builtins.eval, f"open({str(mark)!r}, 'w')"),
        "open": Calls(builtins.open, str(mark), "w"),
        "getattr": Calls(builtins.getattr, [], "append"),
        "a class of this repository": clip,
        "numpy's own loader": Calls(np.load, str(mark)),
    }[name]


@pytest.mark.parametrize("protocol", [0, 2, 5])
@pytest.mark.parametrize(
    ("name", "culprit"),
    [
        ("a command", r"(posix|os)\.system"),
        ("a command in an array", r"(posix|os)\.system"),
        ("eval", r"(builtins|__builtin__)\.eval"),
        ("open", r"(_?io|builtins)\.open"),
        ("getattr", r"(builtins|__builtin__)\.getattr"),
        ("a class of this repository", r"(pose\.clip\.Clip|copyreg\._reconstructor|copy_reg\._reconstructor)"),
        ("numpy's own loader", r"numpy\.load"),
    ],
)
def test_hostile_pickles_run_nothing_and_the_error_names_what_they_wanted(
    name: str, culprit: str, protocol: int, tmp_path: Path
) -> None:
    mark = tmp_path / "was_run"
    path = write(tmp_path / "bad.pkl", hostile(name, mark), protocol)
    with pytest.raises(DataError, match=f"bad.pkl is not read: it wants to run {culprit}; only") as caught:
        load_arrays(path)
    assert "\n" not in str(caught.value)
    assert not mark.exists()


def test_the_hostile_pickles_of_these_tests_are_hostile(tmp_path: Path) -> None:
    mark = tmp_path / "was_run"
    pickle.loads(pickle.dumps(hostile("a command in an array", mark)))
    assert mark.exists()


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 a zip", b"{'json': 1}\n", b"\x80\x04", b"\x80\x63.", b"\xff" * 40]
)
def test_what_is_no_pickle_is_said_to_be_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.pkl is not a whole pickle"):
        load_arrays(tmp_path / "a.pkl")


def test_a_pickle_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = pickle.dumps(PLAIN)
    for length in range(0, len(whole), 7):
        (tmp_path / "cut.pkl").write_bytes(whole[:length])
        with pytest.raises(DataError, match="not a whole pickle"):
            load_arrays(tmp_path / "cut.pkl")


@pytest.mark.filterwarnings("ignore")  # of numpy, about what the damage made of a dtype
@settings(max_examples=300, deadline=None)
@given(protocol=st.integers(0, 5), place=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_damaged_pickle_is_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, protocol: int, place: int, byte: int
) -> None:
    damaged = bytearray(pickle.dumps(PLAIN, protocol))
    damaged[place % len(damaged)] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.pkl"
    path.write_bytes(damaged)
    try:
        load_arrays(path)
    except DataError as error:
        assert str(path) in str(error)
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02]r\xff\xff\xff\x7f.",  # an object's number: room for 2 ** 32 others, 32 GB
        b"]p2147483647\n.",
        b"\x80\x02c__builtin__\nbytearray\nJ\x00\x00\x00\x7f\x85R.",  # 2 GB of zeros
        b"\x80\x05\x96\x00\x00\x00\x00\x08\x00\x00\x00.",  # the length of a bytearray: 32 GB
    ],
)
def test_few_bytes_do_not_take_much_memory(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DataError):
        load_arrays(tmp_path / "a.pkl")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KB


@pytest.mark.parametrize("kind", [bytes, bytearray])
@pytest.mark.parametrize(
    "size", [10**8, np.int64(10**8), np.uint32(10**8), np.array(10**8)], ids=["int", "int64", "uint32", "array"]
)
def test_a_size_of_any_type_makes_no_memory(size: Any, kind: type, tmp_path: Path) -> None:
    path = write(tmp_path / "a.pkl", Calls(kind, size))
    with pytest.raises(DataError, match=f"it wants {kind.__name__} of a size only"):
        load_arrays(path)


def test_bytes_are_made_of_what_stands_in_the_file(tmp_path: Path) -> None:
    calls = [(bytes,), (bytearray,), (bytes, [1, 2]), (bytearray, (3,)), (bytearray, "x", "ascii")]
    made = [Calls(*call) for call in calls]
    assert load_arrays(write(tmp_path / "a.pkl", made)) == [b"", b"", b"\x01\x02", b"\x03", b"x"]


def test_an_unknown_codec_is_refused_like_any_damage(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(b"c_codecs\nencode\n(Vx\nVno_such_codec\ntR.")
    with pytest.raises(DataError, match="not a whole pickle: LookupError"):
        load_arrays(tmp_path / "a.pkl")


def test_a_folder_or_a_file_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        load_arrays(tmp_path)
    with pytest.raises(DataError, match=r"none\.pkl cannot be read: No such file"):
        load_arrays(tmp_path / "none.pkl")


def test_a_name_that_a_terminal_would_obey_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(b"\x80\x04\x8c\x08os\x1b[2J\r\n\x8c\x06system\x93.")
    with pytest.raises(DataError, match=r"wants to run os\\x1b\[2J\\r\\n\.system; only"):
        load_arrays(tmp_path / "a.pkl")
