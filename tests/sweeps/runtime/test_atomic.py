"""Files that are complete at every moment."""

import json
import os
import threading

import pytest

from sweeps.runtime.atomic import write_atomically, write_json_atomically


@pytest.mark.parametrize(("content", "stored"), [(b"\x00new", b"\x00new"), ("größer", "größer".encode())])
@pytest.mark.parametrize("durable", [False, True])
def test_a_file_is_replaced_and_nothing_else_stays(tmp_path, content, stored, durable):
    file = tmp_path / "x.txt"
    file.write_text("old")
    write_atomically(file, content, durable=durable)
    assert file.read_bytes() == stored
    assert list(tmp_path.iterdir()) == [file]


def test_a_writer_that_fails_leaves_the_old_content(tmp_path, monkeypatch):
    file = tmp_path / "x.txt"
    file.write_text("old")

    def full(_descriptor):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(file, "new", durable=True)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_reader_never_sees_half_of_it(tmp_path):
    file = tmp_path / "x.json"
    write_json_atomically(file, list(range(5000)))
    seen, done = set(), threading.Event()

    def read():
        while not done.is_set():
            seen.add(len(json.loads(file.read_text())))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(100):
        write_json_atomically(file, list(range(5000 + number % 2)))
    done.set()
    reader.join()
    assert seen <= {5000, 5001}
