"""Detections in videos -> clips: tracks, gaps, labelled parts, and the joints that all estimators share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pose.clip import Clip
from pose.errors import DataError
from pose.interfaces import Array, Ints
from pose.readers.labels import Labels
from pose.readers.overlap_tracking import choose_tracks, cut_tracks, track_by_overlap
from pose.skeletons import get_skeleton


@dataclass(frozen=True, slots=True)
class TrackOptions:
    """Options for turning people into clips.

    Args:
        max_gap: frames that a person may be unseen within a clip.
        min_frames: frames in which a person must be seen.
        max_people: at a time, those seen longest; None for everybody.
        min_overlap: intersection over union of two boxes of one person, where the file does not say who is who.
    """

    max_gap: int = 10
    min_frames: int = 9
    max_people: int | None = None
    min_overlap: float = 0.3


@dataclass(frozen=True, eq=False, slots=True)
class PoseSequence:
    """The people found in one video of one camera, in the order of the frames.

    Args:
        name: unique within the source.
        frames: `[N]` number of the frame in which each was found, ascending.
        keypoints: `[N, V, 2]` pixels, NaN where missing.
        scores: `[N, V]` in 0..1.
        boxes: `[N, 4]` x1, y1, x2, y2.
        ids: `[N]` person numbers, unique within a frame; None where not known.
        labels: of the sequence, or of each part of it.
        image_size: width and height in pixels, 0 where not known.
        fps: frames a second; None where the file does not say.
    """

    name: str
    frames: Ints
    keypoints: Array
    scores: Array
    boxes: Array
    ids: Ints | None = None
    labels: Sequence[Labels] = (Labels(),)
    image_size: tuple[int, int] = (0, 0)
    fps: float | None = None


def empty_sequence(name: str) -> PoseSequence:
    """Return a sequence without people."""
    keypoints, boxes = np.empty((0, 17, 2), np.float32), np.empty((0, 4), np.float32)
    return PoseSequence(name, np.empty(0, np.int64), keypoints, keypoints[:, :, 0], boxes)


def to_coco17(keypoints: Array, scores: Array, skeleton: str) -> tuple[Array, Array]:
    """Select the 17 joints of COCO from a layout that has them all.

    Args:
        keypoints: `[N, V, 2]`; what stands behind the joints of the skeleton is left out.
        scores: `[N, V]`.
        skeleton: name of the layout in `pose.skeletons`.

    Example:
        >>> keypoints, scores = to_coco17(np.zeros((2, 25, 2), np.float32), np.ones((2, 25), np.float32), "body25")
        >>> keypoints.shape, scores.shape
        ((2, 17, 2), (2, 17))
    """
    joints = list(get_skeleton(skeleton).find(*get_skeleton("coco17").joints))
    return keypoints[:, joints], scores[:, joints]


def shared_layout(skeleton: str) -> str:
    """Return the layout of an estimator's clips: `coco17` where it has all those joints, else its own.

    Raises:
        DataError: no layout has that name.

    Example:
        >>> shared_layout("halpe26"), shared_layout("aihub16")
        ('coco17', 'aihub16')
    """
    own, shared = get_skeleton(skeleton), get_skeleton("coco17")
    return shared.name if set(shared.joints) <= set(own.joints) else own.name


def make_clips(
    sequences: Sequence[PoseSequence], options: TrackOptions, skeleton: str, fps: float
) -> tuple[list[Clip], int]:
    """Make one clip of each unbroken track of a person; missing frames within it are missing joints.

    Args:
        sequences: all of the same joints.
        options: what counts as a track.
        skeleton: of the joints.
        fps: frames a second of sequences that do not say it.

    Returns:
        Clips, whose key points are views into one `[N, V, 2]` float32 array; and how many tracks were left out.

    Raises:
        DataError: two sequences have one name.

    Example:
        >>> frames, keypoints = np.array([0, 1, 3]), np.ones((3, 17, 2), np.float32)
        >>> anna = PoseSequence(
        ...     "anna", frames, keypoints, np.ones((3, 17), np.float32), np.ones((3, 4), np.float32), frames * 0
        ... )
        >>> [clip], left_out = make_clips([anna], TrackOptions(min_frames=3), "coco17", fps=30)
        >>> clip.scores[:, 0], left_out
        (array([1., 1., 0., 1.], dtype=float32), 0)
    """
    found = [_tracks(sequence, options, sequence.fps or fps) for sequence in sequences]
    tracks = [track for of_sequence, _ in found for track in of_sequence]
    lengths = [int(track.frames[-1] - track.frames[0]) + 1 for track in tracks]
    keypoints = np.full((sum(lengths), get_skeleton(skeleton).num_joints, 2), np.nan, np.float32)
    scores = np.zeros(keypoints.shape[:2], np.float32)
    clips, end = [], 0
    for track, length in zip(tracks, lengths, strict=True):
        start, end = end, end + length
        rows = start + track.frames - track.frames[0]
        keypoints[rows], scores[rows] = track.sequence.keypoints[track.people], track.sequence.scores[track.people]
        labels = track.labels
        clips.append(
            Clip(
                id=track.id,
                keypoints=keypoints[start:end],
                scores=scores[start:end],
                label=labels.label,
                recording=labels.recording or track.sequence.name,
                subject=labels.subject,
                camera=labels.camera,
                fps=track.sequence.fps or fps,
                image_size=track.sequence.image_size,
                skeleton=skeleton,
            )
        )
    _check_ids(clips)
    return clips, sum(left_out for _, left_out in found)


class _Track(NamedTuple):
    """One person's track in one sequence: indices of their detections, and the frames of those."""

    id: str
    sequence: PoseSequence
    labels: Labels
    people: Ints
    frames: Ints


def _tracks(sequence: PoseSequence, options: TrackOptions, fps: float) -> tuple[list[_Track], int]:
    """Return the tracks of all parts of a sequence, and the number of dropped ones."""
    if not len(sequence.frames):
        return [], 0
    ids = sequence.ids
    if ids is None:
        ids = track_by_overlap(sequence.frames, sequence.boxes, options.max_gap, options.min_overlap)
    tracks, left_out = [], 0
    for labels in sequence.labels:
        # The part's frames: those that begin in it. Rounded, since 0.1 s x 30 is a little above 3.
        ends = [round(second * fps, 6) for second in (labels.start, labels.end)]
        inside = np.arange(*np.searchsorted(sequence.frames, ends))
        cut, too_short = cut_tracks(sequence.frames[inside], ids[inside], options.max_gap, options.min_frames)
        kept = cut if options.max_people is None else choose_tracks(cut, sequence.frames[inside], options.max_people)
        left_out += too_short + len(cut) - len(kept)
        name = f"{sequence.name}{labels.part}"
        for number, track in enumerate(kept):
            people = inside[track]
            id = f"{name}#{number}" if len(kept) > 1 else name
            tracks.append(_Track(id, sequence, labels, people, sequence.frames[people]))
    return tracks, left_out


def _check_ids(clips: Sequence[Clip]) -> None:
    counts = Counter(clip.id for clip in clips)
    twice = [id for id, count in counts.items() if count > 1]
    if twice:
        raise DataError(f"{twice[0]} is there twice: take one of its files, or of the manifest's lines, away")
