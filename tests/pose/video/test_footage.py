"""Videos and folders of pictures give every frame once and in order, or say why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pose.video.fingerprint import fingerprint
from pose.video.footage import BrokenFootageError, ImageFolder, Video, find_footage, open_footage
from tests.pose.video.videos import SIZE, rectangles, write_images, write_video

pytest.importorskip("av", reason="make pose")
SHARED = Path(__file__).parents[4] / "shared" / "data" / "videos"


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
    path = write_video(tmp_path / name, noise(60))
    spoil(path, kind)
    with pytest.raises(BrokenFootageError, match=says):
        list(open_footage(path, 30).frames())


def noise(count: int) -> np.ndarray:
    """Frames that compress badly, so that half of the file is about half of them."""
    return np.random.default_rng(0).integers(0, 255, (count, 48, 64, 3), np.uint8)


@pytest.mark.parametrize("name", ["a.mkv", "a.flv", "a.ts", "a.mp4"])
def test_sound_may_go_on_after_the_last_picture(tmp_path: Path, name: str) -> None:
    video = Video(write_video(tmp_path / name, rectangles(40), sound=3.0))
    assert len(list(video.frames())) == 40


@pytest.mark.parametrize("name", ["a.mkv", "a.flv"])
def test_a_video_with_sound_that_is_cut_off_is_found(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name, noise(60), sound=3.0)
    spoil(path, "cut")
    with pytest.raises(BrokenFootageError, match=r"cut off|breaks off"):
        list(Video(path).frames())


@pytest.mark.parametrize("sound", [0.0, 9.0])
def test_frames_may_come_at_any_rate(tmp_path: Path, sound: float) -> None:
    """As from a camera that leaves frames out: 30 a second are announced, five or so come."""
    pauses = np.random.default_rng(1).choice([1 / 30, 1 / 3, 1 / 2], 39)
    times = np.concatenate([[0], np.cumsum(pauses)])
    path = write_video(tmp_path / "a.mkv", noise(40), times=times.tolist(), sound=sound)
    assert len(list(Video(path).frames())) == 40
    spoil(path, "cut")
    with pytest.raises(BrokenFootageError, match=r"cut off: it ends after \d\.\d of \d+\.\d seconds|breaks off"):
        list(Video(path).frames())


def copied(source: Path, path: Path, begin: float = 0.0, dropped: range = range(0), **options: str) -> Path:
    """The same packets in a new file, without decoding: begun so many seconds later, and without some frames."""
    import av

    with av.open(str(source)) as old, av.open(str(path), "w", options=options) as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for number, packet in enumerate(old.demux(video=0)):
            if packet.dts is None or number in dropped:
                continue
            shift = round(begin / packet.time_base)
            packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, stream
            new.mux(packet)
    return path


def test_a_video_that_was_trimmed_without_encoding_it_anew_is_whole(tmp_path: Path) -> None:
    """The packets before the new beginning are still there and counted, but never shown."""
    whole = write_video(tmp_path / "whole.mp4", rectangles(100), fps=25)
    video = Video(copied(whole, tmp_path / "trimmed.mp4", begin=2.0))
    assert video.declared() == 100
    assert np.array_equal(list(video.frames()), list(Video(whole).frames(50)))


def test_a_camera_may_drop_frames_that_are_counted(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.avi", rectangles(100), codec="mpeg4")
    video = Video(copied(whole, tmp_path / "dropped.avi", dropped=range(40, 60)))
    assert video.declared() == 100
    assert len(list(video.frames())) == 80


@pytest.mark.parametrize(("name", "begin"), [("a.mp4", 0.0), ("a.mov", 0.0), ("a.mp4", 1.0), ("a.avi", 0.0)])
@pytest.mark.parametrize("part", [0.6, 0.9])
def test_a_video_that_declares_all_its_frames_and_is_cut_off_is_found(
    name: str, begin: float, part: float, tmp_path: Path
) -> None:
    """An MP4 with its index in front and an AVI say after the cut, too, how long they were."""
    whole = write_video(tmp_path / f"whole-{name}", noise(60))
    path = copied(whole, tmp_path / name, begin, **({} if name == "a.avi" else {"movflags": "faststart"}))
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    with pytest.raises(BrokenFootageError, match=r"cut off: \d+ of 60 frames are there|breaks off"):
        list(Video(path).frames())


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_video_of_a_turned_phone_is_read_as_it_is_shown(tmp_path: Path, turned: int) -> None:
    import av

    path = write_video(tmp_path / "turned.mp4", rectangles(10), turned=turned)
    with av.open(str(path)) as container:
        as_held = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    width, height = SIZE
    assert Video(path).info().image_size == ((height, width) if turned % 180 else (width, height))
    assert np.array_equal(list(Video(path).frames()), np.rot90(as_held, turned // 90, axes=(1, 2)))


def test_a_picture_that_is_none_is_named(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "walk", rectangles(3))
    (folder / "frame1.png").write_text("no picture")
    with pytest.raises(BrokenFootageError, match=r"frame1\.png is no picture"):
        list(ImageFolder(folder, 30).frames())


def test_a_video_is_known_by_its_content(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", rectangles(30))
    known = fingerprint(path, 30)
    assert known == fingerprint(path.rename(tmp_path / "other name.mp4"), 30)
    assert known != fingerprint(write_video(tmp_path / "b.mp4", rectangles(29)), 30)
    folder = write_images(tmp_path / "walk", rectangles(3))
    pictures = fingerprint(folder, 30)
    assert pictures == fingerprint(folder, 30.0) != fingerprint(folder, 10)  # pictures do not say how fast they follow
    assert known == fingerprint(tmp_path / "other name.mp4", 10)
    (folder / "frame2.png").rename(folder / "frame0a.png")
    assert pictures != fingerprint(folder, 30)


def test_a_large_file_is_known_by_blocks_from_all_over_it(tmp_path: Path) -> None:
    path = tmp_path / "large.mp4"
    content = bytearray(np.random.default_rng(0).bytes(9_000_000))
    path.write_bytes(content)
    known = fingerprint(path, 30)
    content[-1] ^= 1
    path.write_bytes(content)
    assert fingerprint(path, 30) != known


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
