"""Several processes, or threads, at one store at once: none ends another, and the store is whole in the end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pose.extraction.detections import Detections
from pose.extraction.run import check, extract, look_up, shard_of
from pose.extraction.store import KeypointStore
from tests.pose.extraction.test_store import content, run
from tests.pose.video.videos import RectangleDetector, rectangles, simple_parts, write_images, write_video

pytest.importorskip("av", reason="make pose")
_A_CHANCE = 0.2  # seconds for the other thread, which then waits for this one or has done its harm

PROGRAMS = Path(__file__).parent / "programs"


def run_shard(videos: Path, root: Path, shard: int) -> None:
    """One of two shards."""
    parts = simple_parts()
    footage = look_up(((path.name, path) for path in sorted(videos.iterdir())), 30)
    check(extract(shard_of(footage, shard, 2), KeypointStore(root, parts.identity, parts.name), parts, 30))


def nobody() -> Detections:
    return Detections.of([], [], 17)


@pytest.fixture
def store(tmp_path: Path) -> KeypointStore:
    parts = simple_parts()
    store = KeypointStore(tmp_path / "store", parts.identity, parts.name)
    store.open()
    return store


class Other(threading.Thread):
    """Does something right before, or after, the first change to the folder of all unfinished videos by a method."""

    def __init__(self, patch: pytest.MonkeyPatch, method: str, work: Callable[[], None], late: bool = False) -> None:
        super().__init__(target=work)
        original = getattr(Path, method)

        def changed(path: Path, *words: Any, **options: Any) -> None:
            if late:
                original(path, *words, **options)
            if path.name == "unfinished" and self.ident is None:
                self.start()
                self.join(_A_CHANCE)
            if not late:
                original(path, *words, **options)

        patch.setattr(Path, method, changed)


def test_a_video_that_begins_as_another_ends_keeps_its_segment(
    store: KeypointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write_segment("first", 0, nobody(), 5)
    other = Other(monkeypatch, "rmdir", lambda: store.write_segment("second", 0, nobody(), 7))
    store.finish("first")
    other.join()
    assert store.read_segment("second", 0) is not None


def test_a_video_that_ends_as_another_begins_leaves_it_its_folder(
    store: KeypointStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Other(monkeypatch, "mkdir", lambda: store.finish("first"), late=True)
    store.write_segment("second", 0, nobody(), 7)
    other.join()
    assert store.read_segment("second", 0) is not None


@pytest.mark.slow
def test_shards_that_finish_many_short_videos_at_once(tmp_path: Path, start_python: Any) -> None:
    for number in range(16):
        write_images(tmp_path / f"videos/{number}", rectangles(2 + number))
    words = (tmp_path / "videos", tmp_path / "at_once")
    shards = [start_python((PROGRAMS / "shard.py").read_text(), *words, shard) for shard in range(2)]
    assert [shard.stdout.readline() for shard in shards] == ["begun\n"] * 2
    for shard in shards:
        shard.stdin.write("go\n")
        shard.stdin.flush()
    ended = [shard.communicate() for shard in shards]
    assert [shard.returncode for shard in shards] == [0, 0], ended
    run(tmp_path / "videos", tmp_path / "alone")
    assert content(tmp_path / "at_once") == content(tmp_path / "alone")
    assert not list((tmp_path / "at_once").glob("*/unfinished"))


@pytest.mark.slow
def test_two_processes_at_one_video_extract_it_once(tmp_path: Path, start_python: Any) -> None:
    write_video(tmp_path / "videos/a.mp4", rectangles(60))
    parts = simple_parts()
    store = KeypointStore(tmp_path / "at_once", parts.identity, parts.name)
    (video,) = [found.video for found in look_up([("a", tmp_path / "videos/a.mp4")], 30)]
    code = (PROGRAMS / "one_video.py").read_text()
    with store.lock(video):
        both = [start_python(code, tmp_path / "videos", tmp_path / "at_once", video) for _ in range(2)]
        assert [one.stdout.readline() for one in both] == ["begun\n"] * 2  # both wait for the video now
    ended = [one.communicate() for one in both]
    assert [one.returncode for one in both] == [0, 0], ended
    assert sorted(int(out.split()[-1]) for out, _ in ended) == [0, 60]
    detector = RectangleDetector()
    run(tmp_path / "videos", tmp_path / "alone", detector=detector)
    assert detector.seen == 60
    assert content(tmp_path / "at_once") == content(tmp_path / "alone")
