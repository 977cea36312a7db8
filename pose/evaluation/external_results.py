"""Results of AlphaPose or OpenPose, matched with the annotated pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pose.boxes import key_point_boxes
from pose.errors import DataError
from pose.evaluation.annotations import Annotations
from pose.evaluation.images import ImageLocation
from pose.evaluation.match_names import GUESSED, Match, Names
from pose.evaluation.results import Results, nobody
from pose.interfaces import Array, Boxes, Poses
from pose.io.checked_json import read_triples
from pose.readers.alphapose import read_boxes, read_entries, read_joints
from pose.readers.openpose import LAYOUTS, read_people
from pose.readers.sequences import to_coco17

_OPENPOSE = "_keypoints.json"


class _ImageEntry(NamedTuple):
    """One picture in a result file: its name there, the annotated picture it matches, the people found, their ranks."""

    file: Path
    name: str
    match: Match
    poses: Poses
    ranks: np.ndarray[Any, np.dtype[np.float64]]


def read_results(name: str, path: Path, annotations: Annotations, places: Sequence[ImageLocation]) -> Results:
    """Read the results of another tool.

    A folder whose files end in `_keypoints.json` is OpenPose's; a JSON file, or a folder of others, AlphaPose's.
    Pictures are known by their names, frames of videos by their numbers and the video's name in the path, which need
    not be there where only one video is annotated.

    Args:
        name: of the tool, for the results.
        path: of the file or folder.
        annotations: of the pictures.
        places: where each is.

    Returns:
        Who was found; nobody in a picture that the file does not name.

    Raises:
        DataError: it is neither, names none of the pictures, or one of them twice.
    """
    if not path.exists():
        raise DataError(f"{path} of files.{name} is not there: give AlphaPose's JSON file or OpenPose's folder")
    names = Names(annotations, places)
    is_openpose = path.is_dir() and any(path.rglob(f"*{_OPENPOSE}"))
    entries = list(_openpose(path, names) if is_openpose else _alphapose(path, names))
    if any(
        one.match.video_known for one in entries
    ):  # then an entry without a video, or of another one, is not of this one
        entries = [one for one in entries if one.match.doubt < GUESSED or one.match.row is None]
    kept = _surest(entries, annotations)
    if not kept:
        first = annotations.pictures[0].name
        named = f"names {entries[0].name}, not {first}" if entries else "names no picture"
        raise DataError(f"{path} is of other pictures than {annotations.path}: it {named}")
    poses = [kept[row].poses if row in kept else nobody() for row in range(len(places))]
    ranks = [kept[row].ranks if row in kept else np.empty(0) for row in range(len(places))]
    return Results(name, poses, ranks)


def _surest(entries: Sequence[_ImageEntry], annotations: Annotations) -> dict[int, _ImageEntry]:
    """Return the entry of each picture by its number; a complete name counts before a part of it.

    Raises:
        DataError: two say who is in a picture, and none of them is surer to mean it.
    """
    kept: dict[int, _ImageEntry] = {}
    twice: dict[int, tuple[_ImageEntry, _ImageEntry]] = {}
    for one in entries:
        row = one.match.row
        if row is None:
            continue
        other = kept.get(row)
        if other is None or one.match.doubt < other.match.doubt:
            kept[row] = one
            twice.pop(row, None)
        elif one.match.doubt == other.match.doubt:
            twice[row] = other, one
    for row, (first, second) in twice.items():
        raise DataError(
            f"{annotations.pictures[row].name} is there twice, as {first.name} in {first.file} and as {second.name} in "
            f"{second.file}: give one of them, or files and folders that are called as the videos"
        )
    return kept


def _inside(file: Path, path: Path) -> list[str]:
    return [part for part in (file.stem, *(folder.name for folder in file.parents), path.stem) if part]


def _alphapose(path: Path, names: Names) -> Iterator[_ImageEntry]:
    """Yield each picture that a file names, with the people found and AlphaPose's own score of each."""
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    for file in files:
        numbered = read_entries(file)
        of_picture: dict[str, list[int]] = {}
        for index, (_, entry) in enumerate(numbered):
            of_picture.setdefault(str(entry["image_id"]), []).append(index)
        if not numbered:
            continue
        keypoints, scores = read_joints(numbered, file)
        boxes = read_boxes([entry for _, entry in numbered], keypoints)
        ranks = np.array([_score(entry, row) for (_, entry), row in zip(numbered, scores, strict=True)])
        for picture, rows in of_picture.items():
            found = Poses(keypoints[rows], scores[rows], Boxes(boxes[rows], np.ones(len(rows), np.float32)))
            yield _ImageEntry(file, picture, names.find(picture, _inside(file, path)), found, ranks[rows])


def _score(entry: Mapping[str, Any], scores: Array) -> float:
    given = entry.get("score")
    return float(given) if isinstance(given, int | float) and np.isfinite(given) else float(scores.mean())


def _openpose(path: Path, names: Names) -> Iterator[_ImageEntry]:
    """Yield each picture, a file each, with the people found and their joints' mean score."""
    for file in sorted(path.rglob(f"*{_OPENPOSE}")):
        picture = file.name.removesuffix(_OPENPOSE)
        rows = read_people(file)
        found, ranks = nobody(), np.empty(0)
        if rows:
            keypoints, scores = read_triples(rows, LAYOUTS, lambda row, file=file: f"{file}: person {row}")  # type: ignore[misc]
            ranks = scores.mean(axis=1, dtype=np.float64)
            keypoints, scores = to_coco17(keypoints, scores, LAYOUTS[len(rows[0]) // 3])
            _check_pixels(keypoints, file)
            found = Poses(keypoints, scores, Boxes(key_point_boxes(keypoints), np.ones(len(rows), np.float32)))
        yield _ImageEntry(file, picture, names.find(picture, _inside(file, path)), found, ranks)


def _check_pixels(keypoints: Array, file: Path) -> None:
    """Refuse coordinates that are shares of the picture.

    Raises:
        DataError: no coordinate is larger than 1.
    """
    if np.nanmax(keypoints, initial=-np.inf) <= 1 and np.isfinite(keypoints).any():
        raise DataError(f"{file}: its key points are no pixels: run OpenPose with --keypoint_scale 0")
