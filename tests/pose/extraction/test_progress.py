"""How fast an extraction is, and what time is left, is told by what it finds now: not by what the store had."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest

from pose.extraction import extract_video as extracting
from pose.extraction.extract_video import extract_video
from pose.extraction.progress import ExtractionProgress, Report
from pose.extraction.store import KeypointStore
from pose.video.footage import open_footage
from tests.pose.video.videos import rectangles, simple_parts, write_images

TEXT = "10.0 fps  left 0:01:09  1/2 walk"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def go_on(report: Report | None = None) -> None:
    """Of 10,000 frames 9,000 are there; in 31 s 310 more are found, and 690 are left."""
    times = iter([0, 0, 31, 31, 31])
    with ExtractionProgress(10_000, 2, report, lambda: next(times)) as progress:
        progress.begin("walk")
        progress.advance(9_000, known=True)
        progress.advance(310)


def test_without_a_terminal_a_line_now_and_then_has_speed_and_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    go_on()
    assert capsys.readouterr().out == f"9,310 of 10,000 frames  {TEXT}\n"


def test_a_terminal_shows_the_same_beside_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "120")
    go_on()
    assert re.search(rf"9310/10000\S* frames  {re.escape(TEXT)}", sys.stdout.getvalue())


def test_who_shows_it_elsewhere_is_told_of_what_was_to_be_found() -> None:
    told: list[tuple[float, float, str]] = []
    go_on(lambda *row: told.append(row))
    assert told == [(310, 1_000, TEXT)]


def test_before_anything_is_found_no_time_is_guessed(capsys: pytest.CaptureFixture[str]) -> None:
    times = iter([0, 40])
    ExtractionProgress(100, 1, clock=lambda: next(times, 40)).advance(50, known=True)
    assert "50 of 100 frames  0.0 fps  left ?" in capsys.readouterr().out


def test_frames_that_the_store_has_are_told_as_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extracting, "SEGMENT", 20)
    footage, parts = open_footage(write_images(tmp_path / "walk", rectangles(50)), 30), simple_parts()
    store = KeypointStore(tmp_path / "store", parts.identity, parts.name)
    calls: list[tuple[int, bool]] = []

    def advance(frames: int, known: bool = False) -> None:
        calls.append((frames, known))
        if sum(done for done, _ in calls) == 28:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract_video(footage, "0", store, parts, advance)
    calls.clear()
    extract_video(footage, "0", store, parts, lambda *row: calls.append((*row, False)[:2]))
    assert calls == [(20, True), (8, False), (8, False), (4, False), (8, False), (2, False)]
    calls.clear()
    extract_video(footage, "0", store, parts, lambda *row: calls.append((*row, False)[:2]))
    assert calls == [(50, True)]
