"""Who is out of sight is the same person for as long as the tracker's settings say, and no longer, alone or not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pose.extraction.components import TrackerOption
from pose.extraction.extract_video import extract_video
from pose.extraction.store import KeypointStore, VideoDetections
from pose.interfaces import Array
from pose.trackers.bytetrack import ByteTracking
from pose.trackers.oks import OksTracking
from pose.video.footage import open_footage
from tests.pose.video.videos import simple_parts, write_images, write_video

pytest.importorskip("av", reason="make pose")
FPS = 10
by_name = pytest.mark.parametrize(
    "option", [ByteTracking(max_gap=1.0), OksTracking(max_gap=1.0)], ids=lambda option: option.identity["name"]
)
kinds = pytest.mark.parametrize("kind", ["video", "pictures"])


def numbers(folder: Path, seen: str, kind: str, option: TrackerOption, detect_every: int = 1) -> dict[int, int]:
    """Frame and number of whoever an extraction finds where a rectangle stands in the frames that are marked #."""
    frames = np.zeros((len(seen), 48, 64, 3), np.uint8)
    frames[[mark == "#" for mark in seen], 8:40, 20:36] = 255
    found = extracted(folder, frames, kind, option, detect_every)
    return dict(zip(found.people.frames.tolist(), found.ids.tolist(), strict=True))


def extracted(folder: Path, frames: Array, kind: str, option: TrackerOption, detect_every: int = 1) -> VideoDetections:
    """Who is found in frames `[T, H, W, 3]`, as a video or as a folder of pictures."""
    path = write_video(folder / "a.mp4", frames, FPS) if kind == "video" else write_images(folder / "a", frames)
    parts = simple_parts(tracker=option, detect_every=detect_every)
    store = KeypointStore(folder / "store", parts.identity, parts.name)
    return extract_video(open_footage(path, FPS), "0", store, parts, lambda *_, **__: None)


@by_name
@kinds
@pytest.mark.parametrize("detect_every", [1, 4])
def test_who_was_away_for_longer_than_max_gap_is_somebody_else(
    option: TrackerOption, kind: str, detect_every: int, tmp_path: Path
) -> None:
    there = "#" * 12

    def after(away: int) -> tuple[int, int]:
        """Who is there before, and in the last frame after, so many frames without anybody."""
        seen = "...." + there + away * "." + there
        found = numbers(tmp_path / str(away), seen, kind, option, detect_every)
        return found[14], found[len(seen) - 1]

    # With detect_every a box is also there in some frames beside the detections that have it: 8 are less then.
    before, later = after(8)
    assert before == later
    for away in (16, 600):
        before, later = after(away)
        assert before != later


@by_name
def test_max_gap_holds_to_the_frame(option: TrackerOption, tmp_path: Path) -> None:
    assert set(numbers(tmp_path / "10", "#####" + "." * 10 + "#####", "pictures", option).values()) == {0}
    assert set(numbers(tmp_path / "11", "#####" + "." * 11 + "#####", "pictures", option).values()) == {0, 1}


@by_name
def test_who_walks_out_of_sight_is_expected_further_on_alone_or_among_others(
    option: TrackerOption, tmp_path: Path
) -> None:
    first, last, gap, step = 20, 20, 10, 2
    frames = np.zeros((first + gap + last, 80, 128, 3), np.uint8)
    for number, frame in enumerate(frames):
        if not first <= number < first + gap:
            frame[8:40, 5 + step * number :][:, :16] = 255
    alone = extracted(tmp_path / "alone", frames, "pictures", option)
    assert set(alone.ids.tolist()) == {0}
    frames[:, 45:77, 20:36] = 255
    among = extracted(tmp_path / "among", frames, "pictures", option)
    walking = among.people.boxes[:, 1] < 42
    assert among.people.frames[walking].tolist() == alone.people.frames.tolist()
    assert len(set(among.ids[walking].tolist())) == 1
    assert set(among.ids.tolist()) == {0, 1}


def test_bytetrack_knows_nobody_before_so_many_frames_in_a_row(tmp_path: Path) -> None:
    found = numbers(tmp_path, "...#.##.#####", "pictures", ByteTracking(confirm=3))
    assert [found[frame] for frame in (3, 5, 6, 8, 12)] == [0, 1, 1, 2, 2]
