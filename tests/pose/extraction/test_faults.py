"""What is broken, gone, or cannot be written is told in a line; the rest goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pose.errors import DataError
from pose.extraction.overview import draw_overview
from pose.extraction.run import ExtractionError, check, extract, look_up, shard_of
from pose.extraction.store import KeypointStore
from pose.video.footage import find_footage
from tests.pose.extraction.test_store import run
from tests.pose.video.videos import rectangles, simple_parts, write_images, write_video

pytest.importorskip("av", reason="make pose")


def test_a_broken_video_is_told_and_the_rest_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_images(tmp_path / "videos/a", rectangles(5))
    (tmp_path / "videos/b.mp4").write_bytes(b"")
    write_video(tmp_path / "videos/c.mp4", rectangles(20))
    with pytest.raises(ExtractionError, match="1 of 3 videos cannot be read"):
        run(tmp_path / "videos", tmp_path / "store")
    said = capsys.readouterr()
    assert "a: 5 frames, 5 people in 1 tracks" in said.out
    assert "c: 20 frames, 35 people in 2 tracks, mean score" in said.out
    assert f"{tmp_path}/videos/b.mp4: it is empty" in said.err


@pytest.mark.parametrize("kind", ["link", "picture", "vanished", "vanished picture"])
def test_a_video_that_cannot_be_read_is_told_and_the_rest_goes_on(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    videos = tmp_path / "videos"
    write_video(videos / "c.mp4", rectangles(20))
    other = (
        write_images(videos / "b", rectangles(3)) if "picture" in kind else write_video(videos / "b.mp4", rectangles(3))
    )
    if kind == "link":
        other.unlink()
        other.symlink_to(tmp_path / "gone.mp4")
    elif kind == "picture":
        (other / "frame3.png").mkdir()
    footage = look_up(((path.stem, path) for path in find_footage(videos)), 30)
    if kind == "vanished":
        other.unlink()
    elif kind == "vanished picture":
        shutil.rmtree(other)
    parts = simple_parts()
    outcomes = extract(footage, KeypointStore(tmp_path / "store", parts.identity, parts.name), parts, 30)
    with pytest.raises(ExtractionError, match="1 of 2 videos cannot be read"):
        check(outcomes)
    said = capsys.readouterr()
    what, why = ("frame3.png", "Is a directory") if kind == "picture" else ("it", "No such file or directory")
    assert f"{other}: {what} cannot be read: {why}" in said.err
    assert "c: 20 frames" in said.out


def test_a_video_that_cannot_be_read_is_in_one_shard(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.mp4").symlink_to(tmp_path / "gone.mp4")
    footage = look_up(((path.stem, path) for path in find_footage(tmp_path)), 30)
    assert [[found.name for found in shard_of(footage, shard, 2)] for shard in (0, 1)] == [["a"], ["b"]]


def test_a_video_that_is_gone_by_now_is_not_shown(tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", rectangles(20))
    write_images(tmp_path / "b", rectangles(9))
    parts = simple_parts()
    store = KeypointStore(tmp_path / "store", parts.identity, parts.name)
    outcomes = extract(look_up(((path.stem, path) for path in find_footage(tmp_path)), 30), store, parts, 30)
    assert draw_overview(outcomes, store, 30) is not None
    (tmp_path / "a.mp4").unlink()
    for picture in (tmp_path / "b").iterdir():
        picture.unlink()
    assert draw_overview(outcomes, store, 30) is None


def test_a_store_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    parts = simple_parts()
    store = KeypointStore(tmp_path / "file/store", parts.identity, parts.name)
    for attempt in (store.check_writable, store.open):
        with pytest.raises(DataError, match=r"cannot be written \(Not a directory\): set `store` to a folder"):
            attempt()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
