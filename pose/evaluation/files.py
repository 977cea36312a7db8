"""Results that AlphaPose or OpenPose wrote, put beside the annotated pictures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from pose.alphapose import read_boxes, read_entries, read_joints
from pose.errors import DataError
from pose.evaluation.annotations import Annotations
from pose.evaluation.pictures import Place
from pose.evaluation.results import Results, nobody
from pose.films import key_point_boxes, to_coco17
from pose.found import Array, Boxes, Poses
from pose.json_files import read_triples
from pose.openpose import LAYOUTS, read_people

_NUMBER = re.compile(r"(?P<before>.*?)[\W_]*(?P<number>\d{1,15})\D*", re.DOTALL)
_OPENPOSE = "_keypoints.json"


def read_results(name: str, path: Path, annotations: Annotations, places: Sequence[Place]) -> Results:
    """Reads what another tool found.

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
        DataError: it is neither, or names none of the pictures.
    """
    if not path.exists():
        raise DataError(f"{path} of files.{name} is not there: give AlphaPose's JSON file or OpenPose's folder")
    names = _Names(annotations, places)
    is_openpose = path.is_dir() and any(path.rglob(f"*{_OPENPOSE}"))
    said = _openpose(path, names) if is_openpose else _alphapose(path, names)
    poses, ranks = [nobody()] * len(places), [np.empty(0)] * len(places)
    others = ""
    count = 0
    for picture, row, found, sure in said:
        if row is None:
            others = others or picture
            continue
        count += 1
        poses[row], ranks[row] = found, sure
    if not count:
        first = annotations.pictures[0].name
        told = f"names {others}, not {first}" if others else "names no picture"
        raise DataError(f"{path} is of other pictures than {annotations.path}: it {told}")
    return Results(name, poses, ranks)


class _Names:
    """Which annotated picture a name in a file of results means."""

    def __init__(self, annotations: Annotations, places: Sequence[Place]) -> None:
        names = [picture.name for picture in annotations.pictures]
        self._row: dict[str, int] = {}
        for shorten in (_stem, _last, str):  # where two are called alike in short, only the whole name tells
            shortened = [shorten(name) for name in names]
            counts = Counter(shortened)
            self._row |= {name: row for row, name in enumerate(shortened) if counts[name] == 1}
        frames = [(place.path.stem, place.frame, row) for row, place in enumerate(places) if place.frame >= 0]
        times = Counter((stem, frame) for stem, frame, _ in frames)
        self._frame = {(stem, frame): row for stem, frame, row in frames if times[stem, frame] == 1}
        self._videos = {place.path.stem for place in places if place.frame >= 0}

    def find(self, name: str, inside: Sequence[str]) -> int | None:
        """The number of the picture.

        Args:
            name: as the file has it.
            inside: names of the file and its folders, one of which may be the video's.
        """
        for spelt in (name, _last(name), _stem(name)):
            if spelt in self._row:
                return self._row[spelt]
        match = _NUMBER.fullmatch(_stem(name))
        if match is None:
            return None
        told = [match["before"], *inside, *(self._videos if len(self._videos) == 1 else ())]
        rows = [self._frame.get((video, int(match["number"]))) for video in told]
        return next((row for row in rows if row is not None), None)


def _last(name: str) -> str:
    return PurePosixPath(name).name


def _stem(name: str) -> str:
    return PurePosixPath(name).stem


_Said = tuple[str, int | None, Poses, "np.ndarray[Any, np.dtype[np.float64]]"]


def _inside(file: Path, path: Path) -> list[str]:
    return [part for part in (file.stem, *(folder.name for folder in file.parents), path.stem) if part]


def _alphapose(path: Path, names: _Names) -> Iterator[_Said]:
    """Each picture that a file names: its name, its number, who was found and AlphaPose's own score of each."""
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
            yield picture, names.find(picture, _inside(file, path)), found, ranks[rows]


def _score(entry: Mapping[str, Any], scores: Array) -> float:
    given = entry.get("score")
    return float(given) if isinstance(given, int | float) and np.isfinite(given) else float(scores.mean())


def _openpose(path: Path, names: _Names) -> Iterator[_Said]:
    """Each file of a picture: its name, the picture's number, who was found and their joints' mean score."""
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
        yield picture, names.find(picture, _inside(file, path)), found, ranks


def _check_pixels(keypoints: Array, file: Path) -> None:
    """Refuses shares of the picture.

    Raises:
        DataError: no coordinate is larger than 1.
    """
    if np.nanmax(keypoints, initial=-np.inf) <= 1 and np.isfinite(keypoints).any():
        raise DataError(f"{file}: its key points are no pixels: run OpenPose with --keypoint_scale 0")
