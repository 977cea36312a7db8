"""Extraction of one video into the store."""

from __future__ import annotations

from itertools import islice, pairwise
from typing import Protocol

import numpy as np

from pose.extraction.components import PoseComponents
from pose.extraction.detections import Detections, Ints
from pose.extraction.pipeline import find_people
from pose.extraction.prefetch import prefetch
from pose.extraction.store import SEGMENT, KeypointStore, VideoDetections
from pose.video.footage import Footage


class Advance(Protocol):
    """A callback for progress within a video."""

    def __call__(self, frames: int, known: bool = False, /) -> None:
        """Report that many more frames as done; `known` where they were in the store already."""


def extract_video(
    footage: Footage, video: str, store: KeypointStore, components: PoseComponents, advance: Advance
) -> VideoDetections:
    """Find everybody in a video, resuming behind the segments that are in the store already.

    Args:
        footage: to read.
        video: its fingerprint.
        store: opened.
        components: those that the store is for.
        advance: called with the number of frames that are newly done.

    Raises:
        BrokenFootageError: it cannot be read to its end. Complete segments before that stay.
        StuckError: it was begun in another precision than this machine would go on in.
    """
    with store.lock(video):
        if store.has(video):
            store.finish(video)  # its writer may have been killed right then
            found = store.read(video)
            advance(found.num_frames, True)
            return found
        info = footage.info()
        segments = _segments(footage, video, store, components, advance)
        people = Detections.joined([people for people, _ in segments])
        ids = _follow(people, components, info.fps)
        frames = sum(count for _, count in segments)
        found = VideoDetections(people, ids, info.fps, info.image_size, frames, components.estimator.skeleton)
        store.write(video, found)
        return found


def _segments(
    footage: Footage, video: str, store: KeypointStore, components: PoseComponents, advance: Advance
) -> list[tuple[Detections, int]]:
    """Return the people and number of frames of each segment, of which at least one has frames."""
    segments: list[tuple[Detections, int]] = []
    while (kept := store.read_segment(video, len(segments), components.precision)) is not None:
        segments.append(kept)
        advance(kept[1], True)
        if kept[1] < SEGMENT:
            return segments
    start = len(segments) * SEGMENT
    with prefetch(footage.frames(start), components.frames_at_once) as frames:
        while True:
            people, count = find_people(islice(frames, SEGMENT), start, components, advance)
            if count:
                store.write_segment(video, len(segments), people, count, components.precision)
                segments.append((people, count))
            if count < SEGMENT:
                return segments
            start += count


def _follow(people: Detections, components: PoseComponents, fps: float) -> Ints:
    """Return each person's track number, over the complete video."""
    tracker = components.tracker.start(fps)
    ids = np.full(len(people), -1, np.int32)
    ends = np.flatnonzero(np.diff(people.frames, prepend=-1, append=-1)) if len(people) else np.empty(0, np.int64)
    for start, end in pairwise(ends.tolist()):
        ids[start:end] = tracker.follow(int(people.frames[start]), people.in_frame(slice(start, end)))
    return ids
