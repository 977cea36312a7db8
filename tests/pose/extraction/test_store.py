"""The store ends with the same bytes, however often an extraction was killed; and never mixes settings."""

from __future__ import annotations

import random
import signal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pose.errors import DataError
from pose.extraction import extract_video as extracting
from pose.extraction.extract_video import extract_video
from pose.extraction.run import ExtractionError, FootageEntry, check, extract, look_up, shard_of
from pose.extraction.store import SEGMENT, KeypointStore
from pose.nms import OksNms
from pose.readers.extracted import ExtractedSource, named_footage
from pose.video.footage import open_footage
from tests.pose.extraction.killing import MOMENTS
from tests.pose.video.videos import RectangleDetector, rectangles, simple_parts, write_images, write_video

pytest.importorskip("av", reason="make pose")
CHILD = (Path(__file__).parent / "programs/killed_run.py").read_text()
# Settings, three segments, two videos and two indexes are written: each of these moments comes so often.
TIMES = {"half_written": 8, "before_rename": 8, "after_rename": 8, "in_the_join": 2, "before_the_index": 2}
TIMES |= {"segments_not_removed": 2, "while_detecting": 145}
FEW = ("half_written", "in_the_join", "before_the_index")  # the others are for the soak


def run(videos: Path, root: Path, **changed: object) -> KeypointStore:
    parts = simple_parts(**changed)
    store = KeypointStore(root, parts.identity, parts.name)
    named = [(path.stem, path) for path in sorted(videos.iterdir())]
    check(extract(look_up(named, 30), store, parts, 30))
    return store


def content(root: Path) -> dict[str, bytes]:
    """Everything but the locks."""
    files = [path for path in root.rglob("*") if path.is_file() and path.parent.name != "locks"]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    write_video(folder / "long.mp4", rectangles(SEGMENT + 100))
    write_video(folder / "short.mp4", rectangles(60))
    return folder


@pytest.fixture(scope="module")
def undisturbed(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    root = tmp_path_factory.mktemp("undisturbed")
    run(videos, root)
    return content(root)


def points() -> list:
    """Seeded moments: one each of a few kinds, and for the soak up to seven of every kind."""
    picked = []
    for moment in MOMENTS:
        counts = dict.fromkeys(random.Random(moment).choices(range(1, TIMES[moment] + 1), k=7))
        for number, count in enumerate(counts):
            soak = number > 0 or moment not in FEW
            picked.append(pytest.param(moment, count, marks=[pytest.mark.soak] if soak else []))
    return picked


@pytest.mark.slow
@pytest.mark.parametrize(("moment", "count"), points())
def test_killed_and_gone_on_with_it_ends_with_the_same_bytes(
    moment: str, count: int, videos: Path, undisturbed: dict[str, bytes], tmp_path: Path, fork_python
) -> None:
    status, _, err = fork_python(CHILD, moment, str(count), str(videos), str(tmp_path)).communicate()
    assert status == -signal.SIGKILL, err
    run(videos, tmp_path)
    assert content(tmp_path) == undisturbed


def test_the_store_holds_no_name_path_or_time(undisturbed: dict[str, bytes], videos: Path) -> None:
    assert len(undisturbed) == 4  # two videos, index, settings
    for bytes_ in undisturbed.values():
        for word in (b"long", b"short", str(videos).encode(), b"2026"):
            assert word not in bytes_


@pytest.mark.slow
@pytest.mark.parametrize("frames", [4_000, pytest.param(20_000, marks=pytest.mark.soak)])
def test_a_long_video_loses_at_most_one_segment(frames: int, tmp_path: Path, fork_python) -> None:
    write_video(tmp_path / "videos/long.mp4", rectangles(frames))
    moment = random.Random(3).randrange(2 * SEGMENT // 8, frames // 8)
    args = ("while_detecting", str(moment), str(tmp_path / "videos"), str(tmp_path / "store"))
    status, _, err = fork_python(CHILD, *args).communicate()
    assert status == -signal.SIGKILL, err
    detector = RectangleDetector()
    run(tmp_path / "videos", tmp_path / "store", detector=detector)
    seen_before = 8 * (moment - 1)
    assert frames - seen_before <= detector.seen <= frames - seen_before + SEGMENT


def test_what_is_there_is_not_found_again(videos: Path, tmp_path: Path) -> None:
    run(videos, tmp_path)
    known = content(tmp_path)
    detector = RectangleDetector()
    run(videos, tmp_path, detector=detector)
    assert detector.seen == 0
    assert content(tmp_path) == known


def test_other_settings_have_a_store_of_their_own(videos: Path, tmp_path: Path) -> None:
    first = run(videos, tmp_path)
    second = run(videos, tmp_path, nms=OksNms(threshold=0.5))
    assert first.folder != second.folder
    (second.folder / "settings.json").write_text((first.folder / "settings.json").read_text())
    with pytest.raises(DataError, match="other settings"):
        second.open()


def test_a_video_is_not_gone_on_with_in_another_precision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with precision=auto where a machine with a GPU was killed and one without goes on."""
    monkeypatch.setattr(extracting, "SEGMENT", 20)
    footage = open_footage(write_images(tmp_path / "walk", rectangles(50)), 30)

    def extract_in(precision: str, frames: int = 1_000) -> KeypointStore:
        """Is interrupted in the batch after so many frames."""
        parts, calls = simple_parts(), iter(range(0, frames, 8))
        parts.detector.network = SimpleNamespace(used_precision=precision)  # type: ignore[union-attr]
        store = KeypointStore(tmp_path / "store", parts.identity, parts.name)
        extract_video(footage, "0", store, parts, lambda *_: next(calls))
        return store

    for precision, other in (("float16", "float32"), ("float32", "float16")):
        with pytest.raises(StopIteration):
            extract_in(precision, frames=24)
        with pytest.raises(DataError, match=f"0 was begun in {precision}, and this machine would go on in {other}: go"):
            extract_in(other)
        store = extract_in(precision)
        assert store.read("0").num_frames == 50
        store.path("0").unlink()


def test_a_video_that_cannot_be_gone_on_with_is_told_and_the_rest_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in "abc":
        write_images(tmp_path / f"videos/{name}", rectangles(5 + ord(name) % 7))
    (tmp_path / "videos/d.mp4").write_bytes(b"")
    parts = simple_parts()
    store = KeypointStore(tmp_path / "store", parts.identity, parts.name)
    footage = look_up(((path.stem, path) for path in sorted((tmp_path / "videos").iterdir())), 30)
    extract(footage[2:3], store, parts, 30)
    people = store.read(footage[2].video).people
    store.write_segment(footage[0].video, 0, people, 1, "float16")
    store.write_segment(footage[1].video, 0, people, 1)
    spoilt = store.folder / f"unfinished/{footage[1].video}/00000.safetensors"
    spoilt.write_bytes(b"spoilt")
    outcomes = extract(footage, store, parts, 30)
    with pytest.raises(ExtractionError) as error:
        check(outcomes)
    assert str(error.value) == (
        "1 of 4 videos cannot be read (d): mend them or take them out of the folder or manifest; 2 of 4 videos cannot "
        "be gone on with (a, b): do what is said of each above, and type the same again; the others are in the store"
    )
    said = capsys.readouterr()
    assert f"{tmp_path}/videos/a: {store.folder}/unfinished/{footage[0].video} was begun in float16, and" in said.err
    assert f"{tmp_path}/videos/b: {spoilt} is not of this program: take it away" in said.err
    assert [store.has(found.video) for found in footage] == [False, False, True, False]


def test_a_file_of_other_settings_is_not_read(videos: Path, tmp_path: Path) -> None:
    first, second = run(videos, tmp_path), run(videos, tmp_path, nms=OksNms(threshold=0.5))
    (short,) = look_up([("short", videos / "short.mp4")], 30)
    second.path(short.video).write_bytes(first.path(short.video).read_bytes())
    with pytest.raises(DataError, match="made by other settings"):
        second.read(short.video)
    second.path(short.video).write_bytes(b"spoilt")
    with pytest.raises(DataError, match="take it away"):
        second.read(short.video)


def test_the_index_has_a_row_a_video(videos: Path, tmp_path: Path) -> None:
    store = run(videos, tmp_path)
    table = pd.read_parquet(store.folder / "index.parquet").set_index("video")
    (short,) = look_up([("short", videos / "short.mp4")], 30)
    row = table.loc[short.video]
    assert (row.frames, row.people, row.tracks, row.missed) == (60, 115, 2, 0)
    assert (row.width, row.height, round(row.fps)) == (64, 48, 30)
    found = store.read(short.video)
    assert found.people.scores.mean() == pytest.approx(row.mean_score, abs=1e-6)
    assert len(set(found.ids.tolist())) == 2


def test_pictures_at_another_rate_are_another_video(tmp_path: Path) -> None:
    write_images(tmp_path / "r1", rectangles(20))
    (tmp_path / "films.csv").write_text("video,label,start,end\nr1,walk,0,1\n")
    for fps, lengths in ((30, [20, 15]), (10, [10])):  # a second of 10 frames is too short for who comes in the fifth
        parts = simple_parts()
        source = ExtractedSource(tmp_path / "films.csv", parts, tmp_path / "store", fps=fps)
        extract(look_up(named_footage(tmp_path / "films.csv"), fps), source.store, parts, fps)
        clips = source.clips()
        assert [(clip.fps, len(clip.keypoints)) for clip in clips] == [(fps, length) for length in lengths]
    assert sorted(pd.read_parquet(source.store.folder / "index.parquet").fps) == [10, 30]


def test_a_full_disk_is_told_in_one_line_and_gone_on_with(
    videos: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    (short,) = look_up([("short", videos / "short.mp4")], 30)
    parts = simple_parts()
    store = KeypointStore(tmp_path, parts.identity, parts.name)
    store.open()
    full = store.path(short.video).with_name(f".{short.video}.safetensors.tmp")
    full.symlink_to("/dev/full")
    with pytest.raises(DataError, match=r"cannot be written \(No space left on device\): set `store` to") as error:
        extract([short], store, parts, 30)
    assert "\n" not in str(error.value)
    full.unlink()
    assert store.read_segment(short.video, 0) is not None
    run(videos, tmp_path)
    assert content(tmp_path) == undisturbed


def test_shards_share_the_videos_out(tmp_path: Path) -> None:
    footage = [FootageEntry(str(i), tmp_path, f"{i % 9}") for i in range(12)]  # three are copies
    shards = [shard_of(footage, shard, 4) for shard in range(4)]
    assert sorted(found.video for shard in shards for found in shard) == [str(i) for i in range(9)]
    with pytest.raises(DataError, match="shards are numbered 0 to num_shards - 1"):
        shard_of(footage, 4, 4)


def test_an_exact_number_of_segments_has_no_empty_one(tmp_path: Path) -> None:
    write_video(tmp_path / "videos/a.mp4", rectangles(SEGMENT))
    store = run(tmp_path / "videos", tmp_path / "store")
    (only,) = look_up([("a", tmp_path / "videos/a.mp4")], 30)
    found = store.read(only.video)
    assert found.num_frames == SEGMENT
    assert np.array_equal(np.unique(found.people.frames), np.arange(SEGMENT))
