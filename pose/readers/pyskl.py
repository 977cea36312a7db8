"""Reader of pickles in the layout of PYSKL and MMAction2.

The layout, from PYSKL's tools/data/README.md: a dict with `split`, from a name to a list of `frame_dir`, and
`annotations`, a list of dicts with `frame_dir`, `label`, `img_shape` (height, width), `keypoint` [M, T, V, C] and,
where C is 2, `keypoint_score` [M, T, V], for M persons.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pose.clip import Clip
from pose.errors import DataError
from pose.io.safe_pickle import load_arrays
from pose.readers.name_pattern import compile_pattern, find_names
from pose.skeletons import guess_skeleton

Array = npt.NDArray[Any]


class PysklSource:
    """Clips of a PYSKL pickle: one for each visible person of each annotation.

    Args:
        path: the pickle.
        id_pattern: name of a preset in `pose.readers.name_pattern`, or a regular expression that is searched in each
            `frame_dir` for the groups `subject`, `camera` and `recording`; without a pattern keys of those names are
            taken. Groups `recording1`, `recording2`, ... are joined with the subject to the recording. Without the
            group each `frame_dir` is a recording of its own.
        class_names: names in the order of the file's labels; class_0, class_1, ... by default.
        fps: frames a second, which the file does not say.

    Raises:
        DataError: the file cannot be read, or is not of that layout, or the pattern is none.

    Example:
        >>> import pickle, tempfile
        >>> path = Path(tempfile.mkdtemp(), "small.pkl")
        >>> anna = {
        ...     "frame_dir": "anna",
        ...     "label": 0,
        ...     "keypoint": np.ones((1, 12, 17, 2)),
        ...     "keypoint_score": np.ones((1, 12, 17)),
        ... }
        >>> _ = path.write_bytes(pickle.dumps({"split": {"train": ["anna"]}, "annotations": [anna]}))
        >>> source = PysklSource(path, class_names=["walking"])
        >>> [clip] = source.clips()
        >>> clip.id, clip.label, clip.skeleton, source.splits
        ('anna', 'walking', 'coco17', {'train': frozenset({'anna'})})
    """

    def __init__(
        self,
        path: str | Path,
        id_pattern: str | None = None,
        class_names: Sequence[str] | None = None,
        fps: float = 30.0,
    ) -> None:
        self.path = Path(path)
        self.fps = fps
        self._pattern = compile_pattern(id_pattern) if id_pattern else None
        self._names = tuple(class_names) if class_names else None

    @cached_property
    def _annotations(self) -> list[dict[str, Any]]:
        annotations = self._file["annotations"]
        for annotation in annotations:
            missing = {"frame_dir", "label", "keypoint"} - set(annotation if isinstance(annotation, dict) else ())
            if missing:
                raise DataError(f"{self.path}: an annotation has no {', '.join(sorted(missing))}")
            if np.ndim(annotation["keypoint"]) != 4:
                shape = np.shape(annotation["keypoint"])
                raise DataError(
                    f"{self.path}: keypoint of {annotation['frame_dir']} has shape {shape}, expected [M, T, V, C]"
                )
        return list(annotations)

    @cached_property
    def _file(self) -> dict[str, Any]:
        content = load_arrays(self.path)
        if not isinstance(content, dict) or not content.get("annotations"):
            raise DataError(f"{self.path} is not in PYSKL's layout: expected a dict with split and annotations")
        return content

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """The names given, or class_0, class_1, ... up to the largest label in the file."""
        count = 1 + max(int(annotation["label"]) for annotation in self._annotations)
        if self._names is None:
            return tuple(f"class_{i}" for i in range(count))
        if len(self._names) < count:
            raise DataError(f"{self.path} has labels up to {count - 1}: `class_names` needs {count} names")
        return self._names

    @cached_property
    def splits(self) -> Mapping[str, frozenset[str]]:
        """The clip ids of each named split, all persons of an annotation alike."""
        persons = {str(a["frame_dir"]): [_clip_id(a, m) for m in range(len(a["keypoint"]))] for a in self._annotations}
        return {
            str(name): frozenset(id for frame_dir in frame_dirs for id in persons.get(str(frame_dir), ()))
            for name, frame_dirs in self._file.get("split", {}).items()
        }

    def clips(self) -> list[Clip]:
        """Return every visible person; key points are views into one `[N, V, C]` float32 array."""
        people = list(self._people())
        if not people:
            raise DataError(f"{self.path} holds no key points")
        annotations, persons, keypoints, scores = zip(*people, strict=True)
        shapes = {track.shape[1:] for track in keypoints}
        if len(shapes) > 1:
            raise DataError(f"{self.path} mixes layouts of joints: {sorted(shapes)}")
        joined = np.concatenate(keypoints, dtype=np.float32, casting="unsafe")
        views = np.split(joined, np.cumsum([len(track) for track in keypoints])[:-1])
        return list(map(self._clip, annotations, persons, views, scores))

    def _people(self) -> Iterator[tuple[dict[str, Any], int, Array, Array]]:
        for annotation in self._annotations:
            keypoints = np.asarray(annotation["keypoint"])
            scores = _scores(annotation, keypoints)
            for person in range(len(keypoints)):
                # NTU and others fill the place of an absent second person with zeros.
                if np.nan_to_num(scores[person]).any() and np.nan_to_num(keypoints[person]).any():
                    yield annotation, person, keypoints[person], scores[person]

    def _clip(self, annotation: dict[str, Any], person: int, keypoints: Array, scores: Array) -> Clip:
        frame_dir = str(annotation["frame_dir"])
        height, width = annotation.get("img_shape") or annotation.get("original_shape") or (0, 0)
        return Clip(
            id=_clip_id(annotation, person),
            keypoints=keypoints,
            scores=scores.astype(np.float32),
            label=self.class_names[int(annotation["label"])],
            fps=self.fps,
            image_size=(int(width), int(height)),
            skeleton=guess_skeleton(keypoints.shape[1]),
            **self._names_in(frame_dir, annotation),
        )

    def _names_in(self, frame_dir: str, annotation: dict[str, Any]) -> dict[str, Any]:
        if self._pattern is None:
            # Not of the layout, but where a file has them they are meant.
            own = {name: annotation.get(name) for name in ("recording", "subject", "camera")}
            return {"recording": frame_dir} | {name: str(text) for name, text in own.items() if text is not None}
        found = find_names(self._pattern, frame_dir, self.path)
        return {
            "recording": found["recording"] or frame_dir,
            "subject": found["subject"],
            "camera": found["camera"],
        }


def _clip_id(annotation: dict[str, Any], person: int) -> str:
    frame_dir = str(annotation["frame_dir"])
    return frame_dir if len(annotation["keypoint"]) == 1 else f"{frame_dir}#{person}"


def _scores(annotation: dict[str, Any], keypoints: Array) -> Array:
    """Return the file's scores; where it has none (3D), 1 for every joint that is not at the origin or NaN."""
    given = annotation.get("keypoint_score")
    if given is None:
        present: Array = (np.nan_to_num(keypoints) != 0).any(axis=-1)
        return present.astype(np.float32)
    if np.shape(given) != keypoints.shape[:3]:
        raise DataError(
            f"keypoint_score of {annotation['frame_dir']} has shape {np.shape(given)}, not {keypoints.shape[:3]}"
        )
    return np.asarray(given)
