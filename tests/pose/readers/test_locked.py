"""What may not be looked into is told in one line, and nothing is left out without a word."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pose.errors import DataError
from pose.extraction.run import ExtractionError, FootageEntry, check, extract, look_up, prepare
from pose.extraction.store import KeypointStore
from pose.io.atomic import UnwritableError
from pose.readers.alphapose import AlphaPoseSource
from pose.readers.base import PeopleSource
from pose.readers.extracted import KIND, named_footage
from pose.readers.labels import Labelling, Unit
from pose.readers.openpose import OpenPoseSource
from pose.video.footage import find_footage
from tests.pose.readers.locked import locked
from tests.pose.video.videos import rectangles, simple_parts, write_images

pytest.importorskip("cv2", reason="make pose")


@pytest.fixture(autouse=True, scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> None:
    """All that is imported on first use: where root's Python is in root's home, nobody cannot do it."""
    folder, parts = tmp_path_factory.mktemp("loaded"), simple_parts()
    write_images(folder / "walk/a", rectangles(9))
    (folder / "films.csv").write_text("video,label\nwalk/a,walk\n")
    store = KeypointStore(folder / "store", parts.identity, parts.name)
    outcomes = extract(look_up(named_footage(folder / "films.csv"), 30), store, parts, 30)
    store.finish_interrupted(outcome.footage.video for outcome in outcomes)


@pytest.fixture
def open_path() -> Iterator[Path]:
    """A folder that everybody may write to; pytest's own are for their owner alone."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@pytest.fixture
def videos(open_path: Path) -> Path:
    for name in ("fall/a", "walk/b"):
        write_images(open_path / "videos" / name, rectangles(12))
    return open_path / "videos"


@pytest.mark.parametrize("place", ["", "store"])
def test_a_store_that_may_not_be_looked_into_is_one_line(place: str, open_path: Path) -> None:
    parts = simple_parts()
    root = open_path / "root"
    store = KeypointStore(root / place, parts.identity, parts.name)
    store.folder.mkdir(parents=True)
    with locked(root):
        store.finish_interrupted(["0"])
        assert not store.has("0")
        for attempt in (
            lambda: prepare([FootageEntry("a", open_path, "0")], store, parts),
            lambda: store.read_segment("0", 0),
            store.open,
        ):
            with pytest.raises(
                UnwritableError, match=r"cannot be written \(Permission denied\): set `store` to a folder"
            ):
                attempt()


def test_a_folder_that_may_not_be_looked_into_is_told_and_the_rest_goes_on(
    videos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = simple_parts()
    with locked(videos / "fall"):
        assert find_footage(videos) == [videos / "fall", videos / "walk/b"]
        footage = look_up(named_footage(videos), 30)
        outcomes = extract(footage, KeypointStore(videos.parent / "store", parts.identity, parts.name), parts, 30)
        with pytest.raises(ExtractionError, match=r"1 of 2 videos cannot be read \(fall\)"):
            check(outcomes)
    said = capsys.readouterr()
    assert f"{videos}/fall: it cannot be read: Permission denied" in said.err
    assert "walk/b: 12 frames" in said.out


@pytest.mark.parametrize("name", ["lost+found", ".Trash-0"])
def test_folders_of_the_system_hold_no_videos(name: str, videos: Path) -> None:
    (videos / name).mkdir()
    with locked(videos / name):
        assert find_footage(videos) == [videos / "fall/a", videos / "walk/b"]


def test_what_a_manifest_names_in_such_a_folder_is_told_with_its_reason(videos: Path) -> None:
    (videos / "films.csv").write_text("video,label\nfall/c.mp4,fall\nwalk/b,walk\n")
    with locked(videos / "fall"):
        footage = look_up(named_footage(videos / "films.csv"), 30)
    assert [found.fault for found in footage] == ["it cannot be read: Permission denied", ""]


@pytest.mark.parametrize("kind", [AlphaPoseSource, OpenPoseSource])
def test_other_files_that_a_manifest_names_there_are_one_line(kind: type[PeopleSource], videos: Path) -> None:
    (videos / "films.csv").write_text("path,label\nfall/c.json,fall\n")
    source = kind(videos / "films.csv")
    with locked(videos / "fall"), pytest.raises(DataError, match=r"fall/c\.json cannot be read \(Permission denied\)"):
        source.clips()


@pytest.mark.parametrize("name", ["fall", "fall/a", "fall/c.mp4", "fall/films.csv"])
def test_a_path_that_may_not_be_looked_at_is_one_line(name: str, videos: Path) -> None:
    labelling = Labelling(videos / name, None, find_footage, KIND)
    with locked(videos / "fall"):
        if name == "fall":  # can be looked at, but not into
            assert [unit.path for unit in labelling.units()] == [videos / "fall"]
            return
        with pytest.raises(DataError, match=r"cannot be read \(Permission denied\): name what may be read"):
            list(labelling.units())
        labelling.labels(Unit(videos / name, name), name)
