"""Clips of people in videos: what a store lacks, or was left unfinished in it, and what joints they have."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from datamodules.hrnet import HRNetDataModule
from pose.errors import DataError
from pose.extraction.run import check, extract, look_up
from pose.extraction.store import KeypointStore
from pose.interfaces import Array, Boxes, Crops, Image
from pose.nms import NoNms
from pose.readers.extracted import ExtractedSource, named_footage
from pose.readers.labels import Unit
from pose.skeletons import get_skeleton
from pose.trackers.bytetrack import ByteTracking
from tests.pose.extraction.killing import kill_extraction_at
from tests.pose.extraction.test_store import content
from tests.pose.video.videos import CornerEstimator, RectangleDetector, rectangles, simple_parts, write_images

pytest.importorskip("cv2", reason="make pose")


class KillingDetector(RectangleDetector):
    """Has the process that it is sent to killed at some moment, and is there what it was made from."""

    def __init__(self, moment: str, count: int) -> None:
        super().__init__()
        self.moment, self.count = moment, count

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state)
        kill_extraction_at(self.moment, self.count)


class BrokenDetector(RectangleDetector):
    """Has a mistake in its code."""

    def detect(self, images: Sequence[Image]) -> list[Boxes]:
        raise TypeError("a mistake")


class ThreadCounter(CornerEstimator):
    """Its key points are the threads of PyTorch and of OpenCV."""

    def estimate(self, crops: Crops) -> tuple[Array, Array]:
        import cv2
        import torch

        keypoints, scores = super().estimate(crops)
        return np.full_like(keypoints, (torch.get_num_threads(), cv2.getNumThreads())), scores


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """Two folders of pictures, a class each."""
    for number, action in enumerate(("fall", "walk")):
        write_images(tmp_path / f"videos/{action}/a", rectangles(20 + number))
    return tmp_path / "videos"


def extracted(videos: Path, root: Path, **changed: object) -> ExtractedSource:
    """Over a store of their own, which nothing is done to yet."""
    return ExtractedSource(videos, simple_parts(**changed), root)


def fill(source: ExtractedSource) -> None:
    """Finds everybody, in this process."""
    check(extract(look_up(named_footage(source.path), source.fps), source.store, source.components, source.fps))


# Joints --------------------------------------------------------------------------------------------------------------


def of_layout(skeleton: str, videos: Path, root: Path) -> ExtractedSource:
    """With everybody found in the joints of a layout."""
    estimator = CornerEstimator(skeleton, get_skeleton(skeleton).num_joints)
    source = extracted(videos, root, estimator=estimator, nms=NoNms(), tracker=ByteTracking())
    fill(source)
    return source


@pytest.mark.parametrize("skeleton", ["halpe26", "body25", "aihub16", "custom-5"])
def test_joints_are_cocos_where_the_estimator_finds_them_all(skeleton: str, videos: Path, tmp_path: Path) -> None:
    source, own = of_layout(skeleton, videos, tmp_path / "store"), get_skeleton(skeleton)
    names = get_skeleton("coco17").joints if skeleton in ("halpe26", "body25") else own.joints
    (film, *_) = source.sequences
    clips = source.clips()
    assert {clip.skeleton for clip in clips} == {"coco17" if len(names) == 17 else skeleton}
    assert {clip.keypoints.shape[1] for clip in clips} == {len(names)}
    # The estimator lays its joints on the diagonal, in their order.
    places = [own.joints.index(name) / (own.num_joints - 1) for name in names]
    low, high = film.boxes[0, :2], film.boxes[0, 2:]
    assert np.allclose(film.keypoints[0], low + np.outer(places, high - low), atol=0.01)


def test_an_unknown_layout_is_told_before_anything_is_extracted(videos: Path, tmp_path: Path) -> None:
    estimator = CornerEstimator("coco18", 18)
    with pytest.raises(DataError, match="unknown skeleton 'coco18': use one of coco17"):
        extracted(videos, tmp_path / "store", estimator=estimator, nms=NoNms(), tracker=ByteTracking())


@pytest.mark.parametrize(("skeleton", "wanted"), [("halpe26", "coco17"), ("aihub16", "aihub16")])
def test_windows_have_those_joints(skeleton: str, wanted: str, videos: Path, tmp_path: Path) -> None:
    for number in range(3):
        for action in ("fall", "walk"):
            write_images(videos / f"{action}/{number}", rectangles(15 + 3 * number + (action == "fall")))
    data = module(of_layout(skeleton, videos, tmp_path / "store"))
    data.setup()
    assert (data.skeleton.name, data.table.frames.shape[1]) == (wanted, get_skeleton(wanted).num_joints)


def module(source: ExtractedSource, **options: object) -> HRNetDataModule:
    """The data module of a source's own path, store and parts."""
    names = ("detector", "estimator", "nms", "tracker", "people_per_batch")
    split = {"protocol": "clip", "val_fraction": 0.0}
    parts = {name: getattr(source.components, name) for name in names}
    return HRNetDataModule(str(source.path), str(source.store.root), **parts, split=split, **options)


# A process of its own ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("moment", "count"), [("after_rename", 6), ("before_the_index", 2), ("segments_not_removed", 2)]
)
def test_killed_as_it_ends_it_is_finished_by_the_next_command(
    moment: str, count: int, videos: Path, tmp_path: Path
) -> None:
    """Renamed are settings, and of each of two videos a segment, the file and the index: the sixth is the last file."""
    killed = extracted(videos, tmp_path / "killed", detector=KillingDetector(moment, count))
    with pytest.raises(DataError, match=r"was killed by SIGKILL: type the same again .*people_per_batch.*detect_every"):
        killed.extract_missing()
    undisturbed = extracted(videos, tmp_path / "undisturbed")
    fill(undisturbed)
    assert content(tmp_path / "killed") != content(tmp_path / "undisturbed")
    module(extracted(videos, tmp_path / "killed")).source()
    assert content(tmp_path / "killed") == content(tmp_path / "undisturbed")
    assert not list((tmp_path / "killed").glob("*/unfinished"))


@pytest.mark.slow
def test_broken_videos_are_named_and_are_not_there_the_next_time(
    videos: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (videos / "fall/empty.mp4").write_bytes(b"")
    (videos / "walk/gone.mp4").symlink_to(tmp_path / "gone.mp4")
    source = extracted(videos, tmp_path / "store")
    with pytest.raises(DataError) as error:
        source.extract_missing()
    assert str(error.value) == (
        "2 of 4 videos cannot be read (fall/empty, walk/gone): mend them or take them out of the folder or manifest, "
        "and type the same again; the others are in the store"
    )
    said = capfd.readouterr()
    assert f"{videos}/fall/empty.mp4: it is empty" in said.err
    assert f"{videos}/walk/gone.mp4: it cannot be read: No such file or directory" in said.err
    assert "error" not in said.err
    for broken in ("fall/empty.mp4", "walk/gone.mp4"):
        (videos / broken).unlink()
    source.extract_missing()
    assert len(source.sequences) == 2


@pytest.mark.slow
def test_a_process_that_breaks_says_what_to_type(videos: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="ended with exit status 1: see above, and type the same again"):
        extracted(videos, tmp_path / "store", detector=BrokenDetector()).extract_missing()


@pytest.mark.slow
def test_a_store_that_cannot_be_written_is_told_with_the_key_of_training(videos: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"cannot be written \(Not a directory\): set `store` to a folder"):
        extracted(videos, tmp_path / "file/store").extract_missing()


@pytest.mark.slow
def test_videos_are_extracted_with_as_many_threads_as_asked_for(videos: Path, tmp_path: Path) -> None:
    source = module(extracted(videos, tmp_path, estimator=ThreadCounter("coco17")), num_threads=3).source()
    assert {int(value) for film in source.sequences for value in film.keypoints.flat} == {3}


# What is there -------------------------------------------------------------------------------------------------------


def test_a_store_that_may_only_be_read_is_good_enough(videos: Path, tmp_path: Path) -> None:
    source = extracted(videos, tmp_path / "store")
    fill(source)
    (source.store.folder / "index.parquet").unlink()
    shutil.rmtree(tmp_path / "store/locks")
    (tmp_path / "store/locks").write_text("")  # so that no lock can be taken
    source.extract_missing()
    assert len(source.clips()) == 4


def test_a_spoilt_index_is_made_anew(videos: Path, tmp_path: Path) -> None:
    source = extracted(videos, tmp_path / "store")
    fill(source)
    index = source.store.folder / "index.parquet"
    known = index.read_bytes()
    index.write_bytes(known[:100])
    source.extract_missing()
    assert index.read_bytes() == known


def test_a_lost_index_is_made_once(videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = extracted(videos, tmp_path / "store")
    fill(source)
    (source.store.folder / "index.parquet").unlink()
    finished: list[str] = []
    finish = KeypointStore.finish
    monkeypatch.setattr(KeypointStore, "finish", lambda store, video: finished.append(video) or finish(store, video))
    source.extract_missing()
    assert len(finished) == 1
    assert len(pd.read_parquet(source.store.folder / "index.parquet")) == 2


def test_a_video_that_is_gone_is_told_with_its_path(videos: Path, tmp_path: Path) -> None:
    source = extracted(videos, tmp_path / "store")
    fill(source)
    gone = Unit(videos / "fall/gone.mp4", "fall/gone")
    with pytest.raises(DataError, match=r"fall/gone\.mp4: it cannot be read: No such file or directory"):
        next(source.read(gone))
