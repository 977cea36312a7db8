"""Extraction of many videos: fill what the store lacks, report what cannot be read, and go on."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pose.errors import DataError
from pose.extraction.components import PoseComponents
from pose.extraction.extract_video import extract_video
from pose.extraction.progress import ExtractionProgress, Report
from pose.extraction.store import KeypointStore, StuckError
from pose.video.fingerprint import fingerprint
from pose.video.footage import BrokenFootageError, open_footage

_NAMED = 3  # videos in the last line; those before it name all


@dataclass(frozen=True, slots=True)
class FootageEntry:
    """A video or a folder of pictures that is to be in the store.

    Args:
        name: what it is called in messages.
        path: where it is.
        video: its fingerprint; "" where it cannot be read at all.
        fault: why it cannot be read at all, "" where it can.
    """

    name: str
    path: Path
    video: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class VideoOutcome:
    """The result of one video's extraction.

    Args:
        footage: which one.
        row: what the index says of it; None where there is a fault.
        fault: why it is not in the store, "" where it is.
        seconds: that it took.
        stuck: the fault is in what the store has of it, not in the video.
    """

    footage: FootageEntry
    row: dict[str, Any] | None
    fault: str
    seconds: float
    stuck: bool = False

    def line(self) -> str:
        """Return the line that is printed about it."""
        if self.row is None:
            return f"{self.footage.name}: {self.fault}"
        row = self.row
        return (
            f"{self.footage.name}: {row['frames']:,} frames, {row['people']:,} people in {row['tracks']} tracks, "
            f"mean score {row['mean_score']:.3f}, {row['missed']:,} frames without anybody"
        )


class ExtractionError(DataError):
    """Some videos could not be read or resumed; the others are in the store."""


def look_up(named: Iterable[tuple[str, Path]], fps: float) -> list[FootageEntry]:
    """Identify videos by their content, those that cannot be read with the reason.

    Args:
        named: name and path of each.
        fps: frames a second of folders of pictures, a part of which video they are.
    """
    found = []
    for name, path in named:
        try:
            found.append(FootageEntry(name, path, fingerprint(path, fps)))
        except BrokenFootageError as error:
            found.append(FootageEntry(name, path, "", str(error)))
    return found


def shard_of(footage: Sequence[FootageEntry], shard: int, num_shards: int) -> list[FootageEntry]:
    """Return every `num_shards`-th video from number `shard` on; duplicates count once.

    Raises:
        DataError: there is no such shard.
    """
    if not 0 <= shard < num_shards:
        raise DataError(f"shard={shard} num_shards={num_shards}: shards are numbered 0 to num_shards - 1")
    once: dict[str, FootageEntry] = {}
    for found in footage:
        once.setdefault(found.video or str(found.path), found)
    return list(once.values())[shard::num_shards]


def prepare(footage: Iterable[FootageEntry], store: KeypointStore, components: PoseComponents) -> None:
    """Check that what the store lacks can be found and kept, so that a fault is reported before anything begins.

    Args:
        footage: what is wanted.
        store: for these components.
        components: their weights are fetched where they are needed, but not loaded.

    Raises:
        DataError: weights cannot be had, or the store cannot be written.
    """
    if any(not found.fault and not store.has(found.video) for found in footage):
        store.check_writable()
        components.fetch()


def extract(
    footage: Sequence[FootageEntry],
    store: KeypointStore,
    components: PoseComponents,
    fps: float,
    report: Report | None = None,
) -> list[VideoOutcome]:
    """Find everybody in all videos that the store lacks.

    Args:
        footage: what is wanted.
        store: for these components.
        components: what finds people.
        fps: frames a second of folders of pictures, as they were looked up.
        report: called with the progress, where the caller shows it itself.

    Returns:
        How it went, a video each. A line for each is printed as well.

    Raises:
        UnwritableError: the store cannot be written; what was done before is in it.
    """
    store.open()
    opened = [(found, open_footage(found.path, fps)) for found in footage]
    outcomes = []
    with ExtractionProgress(sum(read.declared() for _, read in opened), len(opened), report) as progress:
        for found, read in opened:
            begun = time.perf_counter()
            progress.begin(found.name)
            row, fault, stuck = None, found.fault, False
            if not fault:
                try:
                    row = extract_video(read, found.video, store, components, progress.advance).row
                except (BrokenFootageError, StuckError) as error:
                    fault, stuck = str(error), isinstance(error, StuckError)
            outcomes.append(VideoOutcome(found, row, fault, time.perf_counter() - begun, stuck))
            progress.tell(outcomes[-1].line())
    return outcomes


def check(outcomes: Sequence[VideoOutcome]) -> None:
    """List the videos that are not in the store, by kind of fault.

    Raises:
        ExtractionError: there is such a video.
    """
    faulty = [outcome for outcome in outcomes if outcome.fault]
    kinds = (
        ("cannot be read", "mend them or take them out of the folder or manifest", [o for o in faulty if not o.stuck]),
        ("cannot be gone on with", "do what is said of each above", [o for o in faulty if o.stuck]),
    )
    sys.stdout.flush()
    mistakes = []
    for what, advice, of_kind in kinds:
        if of_kind:
            count = f"{len(of_kind)} of {len(outcomes)} videos {what}"
            print(f"\n{count}:", *(f"  {o.footage.path}: {o.fault}" for o in of_kind), sep="\n", file=sys.stderr)
            mistakes.append(f"{count} ({_names(of_kind)}): {advice}")
    if mistakes:
        raise ExtractionError(f"{'; '.join(mistakes)}, and type the same again; the others are in the store")


def _names(outcomes: Sequence[VideoOutcome]) -> str:
    """Return the first few names, and the number of the others."""
    names = ", ".join(outcome.footage.name for outcome in outcomes[:_NAMED])
    return names + (f" and {len(outcomes) - _NAMED} more" if len(outcomes) > _NAMED else "")
