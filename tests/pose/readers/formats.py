"""Files in exactly the layouts of AlphaPose, OpenPose and AI-Hub, of people whose key points are known."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pose.skeletons import get_skeleton

# A standing person of 200 pixels, as offsets from the middle of the hips; left is where x is larger.
_STANDING = {
    "nose": (0, -92), "eye": (4, -96), "ear": (8, -94), "shoulder": (20, -70), "elbow": (26, -35), "wrist": (28, 0),
    "hip": (12, 0), "knee": (12, 52), "ankle": (12, 100), "neck": (0, -70), "thorax": (0, -60), "head": (0, -108),
    "head_top": (0, -108), "pelvis": (0, 0), "mid_hip": (0, 0), "big_toe": (16, 106), "small_toe": (20, 106),
    "heel": (10, 106),
}  # fmt: skip


@dataclass(frozen=True)
class Person:
    """Somebody who is seen in consecutive frames.

    Args:
        keypoints: `[T, V, 2]`.
        scores: `[T, V]`; 0 for a joint that was not found.
        start: number of the first frame.
    """

    keypoints: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    start: int = 0

    def at(self, frame: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None:
        """Key points and scores in a frame, None where the person is not there."""
        index = frame - self.start
        return (self.keypoints[index], self.scores[index]) if 0 <= index < len(self.keypoints) else None


def person(
    skeleton: str = "coco17",
    frames: int = 20,
    x: float = 300,
    speed: tuple[float, float] = (0, 0),
    start: int = 0,
    seed: int = 0,
) -> Person:
    """Somebody upright at x, moving so many pixels a frame, with a tremble of a pixel."""
    draw = np.random.default_rng(seed)
    names = get_skeleton(skeleton).joints
    offsets = np.array([_offset(name) for name in names], np.float64)
    path = np.array([x, 400]) + np.arange(frames)[:, None] * np.array(speed)
    keypoints = path[:, None] + offsets + draw.normal(0, 1, (frames, len(names), 2))
    return Person(keypoints.round(3), draw.uniform(0.3, 1, (frames, len(names))).round(4), start)


def _offset(joint: str) -> tuple[float, float]:
    side, _, rest = joint.partition("_")
    if side in ("left", "right"):
        x, y = _STANDING[rest]
        return (x if side == "left" else -x, y)
    return _STANDING["pelvis" if joint == "hip" else joint]


def triples(keypoints: npt.NDArray[np.float64], scores: npt.NDArray[np.float64]) -> list[float]:
    """x, y, score flat; 0, 0, 0 for a joint that was not found, as OpenPose has it."""
    found = np.where((scores > 0)[:, None], keypoints, 0)
    return np.column_stack([found, scores]).reshape(-1).tolist()


# AlphaPose ------------------------------------------------------------------------------------------------------------


def write_alphapose(
    path: Path,
    people: Sequence[Person],
    idx: bool = True,
    box: bool = True,
    image: Callable[[int], str] = "{}.jpg".format,
    frames: Sequence[int] | None = None,
) -> Path:
    """A result file, as `scripts/demo_inference.py` writes it: with `idx` from a tracker, without one zeros."""
    entries: list[dict[str, Any]] = []
    last = max(one.start + len(one.keypoints) for one in people)
    for frame in frames if frames is not None else range(last):
        for number, one in enumerate(people):
            if (seen := one.at(frame)) is None:
                continue
            low, high = seen[0].min(axis=0), seen[0].max(axis=0)
            entry = {
                "image_id": image(frame),
                "category_id": 1,
                "keypoints": triples(*seen),
                "score": float(seen[1].sum()),
            }
            entry |= {"box": [*low.tolist(), *(high - low).tolist()]} if box else {}
            entries.append(entry | {"idx": number + 1 if idx else [0.0]})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(entries))
    return path


def write_alphapose_folder(folder: Path, takes: int = 6) -> Path:
    """A folder of two actions: who walks goes to the right, who falls goes down."""
    for label, speed in (("walk", (6, 0)), ("fall", (0, 6))):
        for take in range(takes):
            one = person(frames=24, speed=speed, seed=take)
            write_alphapose(folder / label / f"take{take}_P{take % 3}_C1" / "alphapose-results.json", [one])
    return folder


# OpenPose -------------------------------------------------------------------------------------------------------------


def write_openpose(
    folder: Path,
    people: Sequence[Person],
    name: str | None = None,
    pattern: str = "{name}_{frame:012}_keypoints.json",
    key: str = "pose_keypoints_2d",
    leave_out: Sequence[int] = (),
    seed: int = 0,
) -> Path:
    """A folder of frames as `--write_json` fills it; people stand in any order, and a frame may have no file.

    The film is named as the folder, unless it has a name of its own.
    """
    draw = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for frame in range(max(one.start + len(one.keypoints) for one in people)):
        if frame in leave_out:
            continue
        seen = [at for one in people if (at := one.at(frame)) is not None]
        rows = [triples(*seen[index]) for index in draw.permutation(len(seen))]
        empty = ("face_keypoints_2d", "hand_left_keypoints_2d", "hand_right_keypoints_2d", "pose_keypoints_3d")
        content = {
            "version": 1.3,
            "people": [{"person_id": [-1], key: row, **{other: [] for other in empty}} for row in rows],
        }
        (folder / pattern.format(name=name or folder.name, frame=frame)).write_text(json.dumps(content))
    return folder


def write_openpose_folder(folder: Path, takes: int = 6) -> Path:
    """A folder of two actions, with a folder a film."""
    for label, speed in (("walk", (6, 0)), ("fall", (0, 6))):
        for take in range(takes):
            write_openpose(folder / label / f"take{take}_P{take % 3}", [person("body25", 24, speed=speed, seed=take)])
    return folder


# AI-Hub ---------------------------------------------------------------------------------------------------------------


def write_aihub(
    root: Path,
    people: Sequence[Person],
    action: int = 1,
    number: int = 1,
    take: int = 1,
    camera: int = 1,
    step: int = 10,
    corners: bool = True,
    without_label: Sequence[int] = (),
) -> Path:
    """One camera's label file; images and annotations differ in length where a picture has no label."""
    name = f"{action}-{number}_{take:03}-C{camera:02}"
    images, annotations = [], []
    for index in range(max(one.start + len(one.keypoints) for one in people)):
        img_no = 9 + step * index
        images.append(
            {
                "img_path": f"image_action_{action}/image_{action}-{number}/{name}/{name}_{img_no:03}.jpg",
                "img_no": img_no,
                "width": 1920,
                "height": 1080,
                "action_category": str(action),
            }
        )
        for one in people:
            if index in without_label or (seen := one.at(index)) is None:
                continue
            keypoints, scores = seen
            low, high = keypoints.min(axis=0) - 5, keypoints.max(axis=0) + 5
            visible = np.where(scores > 0, 1 + (scores > 0.6), 0)
            annotations.append(
                {
                    "img_no": img_no,
                    "bbox": [*low.tolist(), *(high if corners else high - low).tolist()],
                    "keypoints": triples(keypoints, visible),
                }
            )
    path = root / "Annotation_2D_tar" / "2D" / f"{action}-{number}" / f"{name}_2D.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"images": images, "annotations": annotations[::-1]}))
    return path


def write_aihub_folder(root: Path, takes: int = 6, cameras: int = 2) -> Path:
    """Walks and falls, each seen by all cameras; the label files of every second take spell boxes the other way."""
    for action, speed in ((1, (6, 0)), (6, (0, 6))):
        for take in range(1, takes + 1):
            for camera in range(1, cameras + 1):
                one = person("aihub16", 24, x=200 * camera, speed=speed, seed=take)
                write_aihub(root, [one], action, take=take, camera=camera, corners=take % 2 == 0)
    return root
