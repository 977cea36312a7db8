"""Videos and folders of pictures give every frame once and in order, or say why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pose.fingerprint import fingerprint
from pose.footage import BrokenFootageError, ImageFolder, Video, find_footage, open_footage
from tests.pose.footage import SIZE, rectangles, write_images, write_video

pytest.importorskip("av", reason="make pose")
SHARED = Path(__file__).parents[3] / "shared" / "data" / "videos"


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.mov"])
def test_a_video_gives_its_frames_in_order(tmp_path: Path, name: str) -> None:
    frames = rectangles(40)
    video = Video(write_video(tmp_path / name, frames))
    info = video.info()
    assert (info.image_size, info.frames, round(info.fps, 3)) == (SIZE, 40, 30)
    assert video.declared() == 40
    decoded = list(video.frames())
    assert len(decoded) == 40
    for image, read in zip(frames, decoded, strict=True):
        assert np.abs(image.astype(int) - read).mean() < 12
    assert np.array_equal(list(video.frames(33)), decoded[33:])


def test_pictures_are_taken_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    frames = rectangles(12)
    folder = ImageFolder(write_images(tmp_path / "walk", frames), fps=10)
    info = folder.info()
    assert (info.image_size, info.frames, info.fps) == (SIZE, 12, 10)
    assert np.array_equal(list(folder.frames()), frames)
    assert np.array_equal(list(folder.frames(10)), frames[10:])


def test_videos_and_folders_of_pictures_are_found_below_a_folder(tmp_path: Path) -> None:
    write_video(tmp_path / "fall/b.MP4", rectangles(2))
    write_images(tmp_path / "walk/r1", rectangles(2))
    (tmp_path / "notes.txt").write_text("no video")
    (tmp_path / ".hidden.mp4").write_text("")
    assert find_footage(tmp_path) == [tmp_path / "fall/b.MP4", tmp_path / "walk/r1"]
    assert find_footage(tmp_path / "fall/b.MP4") == [tmp_path / "fall/b.MP4"]
    assert find_footage(tmp_path / "notes.txt") == find_footage(tmp_path / "nowhere") == []


def spoil(path: Path, kind: str) -> None:
    content = path.read_bytes()
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("this is no video" * 100)
    elif kind == "cut":
        path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("a.mp4", "empty", "it is empty"),
        ("a.mp4", "text", "it is no video"),
        ("a.mp4", "cut", "it is no video"),  # the index of an mp4 is at its end
        ("a.avi", "cut", "cut off|breaks off"),
        ("a.mkv", "cut", "cut off|breaks off"),
    ],
)
def test_a_spoilt_video_says_what_is_wrong(tmp_path: Path, name: str, kind: str, says: str) -> None:
    noise = np.random.default_rng(0)
    path = write_video(tmp_path / name, noise.integers(0, 255, (60, 48, 64, 3), np.uint8))
    spoil(path, kind)
    with pytest.raises(BrokenFootageError, match=says):
        list(open_footage(path, 30).frames())


def test_a_picture_that_is_none_is_named(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "walk", rectangles(3))
    (folder / "frame1.png").write_text("no picture")
    with pytest.raises(BrokenFootageError, match=r"frame1\.png is no picture"):
        list(ImageFolder(folder, 30).frames())


def test_a_video_is_known_by_its_content(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", rectangles(30))
    known = fingerprint(path)
    assert known == fingerprint(path.rename(tmp_path / "other name.mp4"))
    assert known != fingerprint(write_video(tmp_path / "b.mp4", rectangles(29)))
    folder = write_images(tmp_path / "walk", rectangles(3))
    pictures = fingerprint(folder)
    (folder / "frame2.png").rename(folder / "frame0a.png")
    assert pictures != fingerprint(folder)


def test_a_large_file_is_known_by_blocks_from_all_over_it(tmp_path: Path) -> None:
    path = tmp_path / "large.mp4"
    content = bytearray(np.random.default_rng(0).bytes(9_000_000))
    path.write_bytes(content)
    known = fingerprint(path)
    content[-1] ^= 1
    path.write_bytes(content)
    assert fingerprint(path) != known


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real videos of ../shared/data are not here")
@pytest.mark.parametrize("path", sorted(SHARED.rglob("*.mp4")), ids=lambda path: path.parent.name + path.stem)
def test_real_videos_are_decoded_to_the_last_frame(path: Path) -> None:
    video = Video(path)
    info = video.info()
    count = 0
    for image in video.frames():
        count += 1
        assert image.shape == (*info.image_size[::-1], 3)
    assert count == info.frames > 50
