"""AnnotatedPeople people, and what might be found of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pose.boxes import key_point_boxes
from pose.evaluation.annotations import JOINTS, Annotations, read_annotations
from pose.evaluation.results import Results
from pose.interfaces import Boxes, Poses
from pose.skeletons import get_skeleton
from tests.pose.people import standing

COCO = Path(__file__).parents[4] / "shared" / "data" / "images" / "coco"
needs_coco = pytest.mark.skipif(not COCO.is_dir(), reason="the four COCO images of ../shared/data are not here")


def entry(keypoints: np.ndarray, visible: np.ndarray | int = 2, **more: Any) -> dict[str, Any]:
    """One person's annotation; its area is that of the box."""
    low, high = keypoints.min(axis=0), keypoints.max(axis=0)
    seen = np.broadcast_to(visible, len(keypoints))
    return {
        "category_id": 1,
        "bbox": np.concatenate([low, high - low]).tolist(),
        "area": float(np.prod(high - low)),
        "iscrowd": 0,
        "keypoints": np.column_stack([keypoints, seen]).ravel().tolist(),
        "num_keypoints": int((seen > 0).sum()),
        **more,
    }


def write(path: Path, pictures: dict[str, Sequence[dict[str, Any]]], joints: Sequence[str] = JOINTS) -> Path:
    """A file of annotations: people by the names of their pictures."""
    images = [{"id": number, "file_name": name} for number, name in enumerate(pictures)]
    people = [{**one, "image_id": number} for number, those in enumerate(pictures.values()) for one in those]
    content = {
        "images": images,
        "annotations": [{"id": id, **one} for id, one in enumerate(people, 1)],
        "categories": [{"id": 1, "name": "person", "keypoints": list(joints)}],
    }
    path.write_text(json.dumps(content))
    return path


def scene(folder: Path, pictures: int = 3, **more: Any) -> Annotations:
    """Two people in each of several pictures."""
    people = {
        f"{number}.jpg": [entry(standing(x, 50, 200 + 10 * number), **more) for x in (120, 500)]
        for number in range(pictures)
    }
    return read_annotations(write(folder / "annotations.json", people))


def found(annotations: Annotations, change: Any = None, scores: float = 0.9) -> Results:
    """What an estimator that knows the truth finds; `change(keypoints [N, 17, 2], picture)` gives it back spoilt."""
    poses, ranks = [], []
    for picture in annotations.pictures:
        keypoints = picture.people.keypoints[picture.people.evaluated].astype(np.float64)
        keypoints = keypoints if change is None else change(keypoints, picture)
        boxes = Boxes(key_point_boxes(keypoints.astype(np.float32)), np.ones(len(keypoints), np.float32))
        poses.append(Poses(keypoints.astype(np.float32), np.full(keypoints.shape[:2], scores, np.float32), boxes))
        ranks.append(np.linspace(1, 0.5, len(keypoints)))
    return Results("ours", poses, ranks)


def write_image(path: Path, shade: int, size: tuple[int, int] = (96, 64)) -> Path:
    """A grey picture; `size` is width and height."""
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((size[1], size[0], 3), shade, np.uint8))
    return path


def write_video(path: Path, shades: Iterable[int], size: tuple[int, int] = (96, 64)) -> Path:
    """A grey video, a shade each frame."""
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=30)
        stream.width, stream.height = size
        stream.bit_rate = 4_000_000
        for shade in shades:
            frame = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), shade, np.uint8), "bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def alphapose(annotations: Annotations, name_of: Any = None) -> list[dict[str, Any]]:
    """What AlphaPose would write if it knew the truth; `name_of(picture)` is its image_id."""
    return [
        {
            "image_id": picture.name if name_of is None else name_of(picture),
            "category_id": 1,
            "keypoints": np.column_stack([pose, np.full(17, 0.9)]).ravel().tolist(),
            "score": 3.0 - row / 10,
            "idx": 0,
        }
        for picture in annotations.pictures
        for row, pose in enumerate(picture.people.keypoints[picture.people.evaluated].astype(float))
    ]


def openpose(annotations: Annotations, folder: Path, name_of: Any) -> Path:
    """OpenPose's BODY_25 files, of people without neck, middle of the hips and feet; `name_of(picture)` is the name."""
    folder.mkdir(parents=True, exist_ok=True)
    for picture in annotations.pictures:
        people = []
        for pose in picture.people.keypoints[picture.people.evaluated].astype(float):
            known = dict(zip(JOINTS, pose, strict=True))
            rows = [(*known[joint], 0.8) if joint in known else (0, 0, 0) for joint in get_skeleton("body25").joints]
            people.append({"pose_keypoints_2d": np.array(rows).ravel().tolist()})
        (folder / f"{name_of(picture)}_keypoints.json").write_text(json.dumps({"version": 1.3, "people": people}))
    return folder
