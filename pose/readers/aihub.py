"""Reader of the labels of AI-Hub's data set of human actions (사람동작 영상).

`Annotation_2D_tar/2D/{A}-{k}/{A}-{k}_{NNN}-C{cc}_2D.json` holds the labels of one of 12 cameras: `images`, each with
`img_no`, `width`, `height`, and `annotations`, each with `img_no`, `bbox` and `keypoints` (x, y, v flat; v is 0 for a
joint without a label). A is the action, {A}-{k}_{NNN} one take, which all cameras see. Only about every 10th frame has
a label. What NNN counts is not documented, so that nothing is known about who performs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pose.clip import Clip
from pose.errors import DataError
from pose.interfaces import Ints
from pose.readers.aihub_labels import LABEL_FILE, LabelFile, read_label_file
from pose.readers.labels import Labels
from pose.readers.name_pattern import compile_pattern, find_names
from pose.readers.sequences import PoseSequence, TrackOptions, make_clips

_PIXELS = (".mp4", ".avi", ".jpg", ".png")
# Between two labels lies a third of a second, in which people walk further than they are wide.
_MIN_OVERLAP = 0.1


class AIHubSource:
    """Clips of AI-Hub's labels, in their own 16 joints, which have no eyes and ears.

    Args:
        path: the data set's folder, any folder below it that label files lie in, or one label file.
        actions: name of each action by its number.
        fps: frames a second of the videos; a clip's are those of its labels, fps / step.
        frame_step: frames of the video from one label to the next; None for the commonest difference of `img_no`.
        id_pattern: regular expression with groups `subject`, `camera`, `recording`, searched in {A}-{k}_{NNN}-C{cc}.
        max_gap: labels that may be missing within a clip.
        min_frames: labels that a clip must have.

    Raises:
        DataError: the pattern is none.

    Example:
        >>> import json, tempfile
        >>> path = Path(tempfile.mkdtemp(), "6-1_001-C01_2D.json")
        >>> people = [{"img_no": 10 * i, "keypoints": [10 + i, 20, 2] * 16} for i in range(12)]
        >>> _ = path.write_text(json.dumps({"images": [], "annotations": people}))
        >>> [clip] = AIHubSource(path, actions={6: "falling down"}).clips()
        >>> clip.label, clip.camera, clip.recording, clip.fps
        ('falling down', 'C01', '6-1_001', 3.0)
    """

    splits: Mapping[str, frozenset[str]] = {}

    def __init__(
        self,
        path: str | Path,
        actions: Mapping[Any, str],
        fps: float = 30.0,
        frame_step: int | None = None,
        id_pattern: str | None = None,
        max_gap: int = 2,
        min_frames: int = 1,
    ) -> None:
        self.path = Path(path).expanduser()
        self.actions = {str(number): name for number, name in actions.items()}
        self.fps = fps
        self.frame_step = frame_step
        self.tracks = TrackOptions(max_gap, min_frames, min_overlap=_MIN_OVERLAP)
        self._pattern = compile_pattern(id_pattern) if id_pattern else None

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """Names of the actions that there are labels of, in the order of their numbers.

        Raises:
            DataError: there is none, or an action has no name.
        """
        self._check_actions()
        return tuple(dict.fromkeys(self.actions[number] for number in self._numbers))

    def _check_actions(self) -> None:
        unnamed = [number for number in self._numbers if number not in self.actions]
        if unnamed:
            names = ", ".join(f"{number}: NAME" for number in unnamed)
            raise DataError(
                f"{self.path} holds actions that have no name, {', '.join(unnamed)}: "
                f"type `actions={{{names}}}`, and `classes` to keep some of them only"
            )

    @property
    def _numbers(self) -> list[str]:
        """The actions that there are labels of."""
        return sorted({match["action"] for _, match in self._paths}, key=int)

    @cached_property
    def step(self) -> int:
        """Frames of the video from one label to the next."""
        if self.frame_step is not None:
            return self.frame_step
        steps = Counter(step for file in self._files for step in np.diff(file.image_numbers).tolist())
        return int(steps.most_common(1)[0][0]) if steps else 1

    def clips(self) -> list[Clip]:
        """Return a clip for each camera of each take, and for each person where there are several."""
        self._check_actions()
        sequences = [self._sequence(file, match) for file, (_, match) in zip(self._files, self._paths, strict=True)]
        clips, _ = make_clips(sequences, self.tracks, "aihub16", self.fps / self.step)
        if not clips:
            raise DataError(
                f"{self.path} holds no key points in {self.tracks.min_frames} frames: "
                "set `min_frames` lower, or name another folder"
            )
        return clips

    def _sequence(self, file: LabelFile, match: re.Match[str]) -> PoseSequence:
        found = find_names(self._pattern, match["name"], file.path) if self._pattern else {}
        labels = Labels(
            label=self.actions[match["action"]],
            subject=found.get("subject"),
            camera=found.get("camera") or match["camera"],
            recording=found.get("recording") or match["recording"],
        )
        alone = len(set(file.frames.tolist())) == len(file.frames)
        return PoseSequence(
            name=match["name"],
            frames=_count_labels(file.frames, self.step),
            keypoints=file.keypoints,
            scores=file.scores,
            boxes=file.boxes,
            ids=np.zeros(len(file.frames), np.int64) if alone else None,
            labels=(labels,),
            image_size=file.image_size,
        )

    @cached_property
    def _files(self) -> list[LabelFile]:
        return [read_label_file(path) for path, _ in self._paths]

    @cached_property
    def _paths(self) -> list[tuple[Path, re.Match[str]]]:
        files = [self.path] if self.path.is_file() else sorted(self.path.rglob("*_2D.json"))
        found = [(path, match) for path in files if (match := LABEL_FILE.fullmatch(path.name))]
        if found:
            return found
        example = "Annotation_2D_tar/2D/6-1/6-1_001-C01_2D.json"
        if any(path.suffix.lower() in _PIXELS for path in (self.path, *self.path.rglob("*"))):
            raise DataError(
                f"{self.path} holds pictures or videos and no labels ({example}): find key points in them by "
                "datamodule=aihub_videos, or name the folder of the labels"
            )
        raise DataError(f"{self.path} holds no labels, as {example}: name the folder that they lie in")


def _count_labels(frames: Ints, step: int) -> Ints:
    """Convert numbers of frames to numbers of labels: consecutive labels differ by 1, others by more."""
    steps = np.diff(frames, prepend=frames[:1])
    return np.where(steps > 0, np.maximum(1, np.rint(steps / step)), 0).cumsum().astype(np.int64)
