"""Moments at which an extraction is killed, as a power cut would."""

from __future__ import annotations

import functools
import os
import shutil
import stat
from pathlib import Path
from typing import Any

from tests.killing import Reached, after, before, die


def kill_extraction_at(moment: str, count: int) -> None:
    """Have this process killed at the `count`-th time, from 1, that it is at a moment."""
    calls = iter(range(1, 1_000_000))
    MOMENTS[moment](lambda: next(calls) == count)


def _half_written(reached: Reached) -> None:
    """As if only half of a file had come to the disk."""
    original = os.fsync

    def half(descriptor: int) -> None:
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode) and reached():
            os.ftruncate(descriptor, status.st_size // 2)
            die()
        original(descriptor)

    os.fsync = half  # type: ignore[assignment]


def _in(owner: Any, name: str, wrap: Any, reached: Reached) -> None:
    wrap(owner, name, reached)


def _in_the_join(reached: Reached) -> None:
    from pose.extraction import extract_video

    before(extract_video, "_follow", reached)


def _before_the_index(reached: Reached) -> None:
    from pose.extraction.store import KeypointStore

    before(KeypointStore, "index", reached)


def _while_detecting(reached: Reached) -> None:
    from tests.pose.video.videos import RectangleDetector

    before(RectangleDetector, "detect", reached)


MOMENTS = {
    "half_written": _half_written,
    "before_rename": functools.partial(_in, Path, "replace", before),
    "after_rename": functools.partial(_in, Path, "replace", after),
    "in_the_join": _in_the_join,
    "before_the_index": _before_the_index,
    "segments_not_removed": functools.partial(_in, shutil, "rmtree", before),
    "while_detecting": _while_detecting,
}
