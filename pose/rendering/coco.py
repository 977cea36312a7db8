"""Rendered pictures as a folder with annotations in COCO's format."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from pose.errors import DataError
from pose.io.atomic import replacing
from pose.rendering.picture import Truth
from pose.rendering.scene import RenderedFrame
from pose.skeletons import get_skeleton

ANNOTATIONS = "annotations.json"
IMAGES = "images"
JPEG_QUALITY = 95


def write_coco(folder: Path, frames: Iterable[RenderedFrame]) -> int:
    """Write pictures as JPEG and one file of annotations in COCO's key point format.

    Beside COCO's own keys an annotation has `head_top` and `neck` (x, y in pixels) and `action`. `iscrowd` is 1
    for a person who is hardly visible, so that neither training nor evaluation counts them. The folder appears
    when all of it is written.

    Args:
        folder: to be made.
        frames: what goes in.

    Returns:
        How many people are annotated, those with `iscrowd` left out.

    Raises:
        DataError: the folder is there already.
    """
    import cv2

    if folder.exists():
        raise DataError(f"{folder} is there already: give another folder, or take it away")
    skeleton = get_skeleton("coco17")
    category = {"id": 1, "name": "person", "keypoints": skeleton.joints, "skeleton": skeleton.edges}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    with replacing(folder) as unfinished:
        shutil.rmtree(unfinished, ignore_errors=True)
        (unfinished / IMAGES).mkdir(parents=True)
        for number, frame in enumerate(frames):
            name = f"{number:06d}.jpg"
            cv2.imwrite(str(unfinished / IMAGES / name), frame.image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
            height, width = frame.image.shape[:2]
            images.append({"id": number, "file_name": name, "width": width, "height": height})
            for person in frame.people:
                annotations.append(annotate(person, len(annotations) + 1, number))
        content = {"images": images, "annotations": annotations, "categories": [category]}
        (unfinished / ANNOTATIONS).write_text(json.dumps(content))
    return sum(not annotation["iscrowd"] for annotation in annotations)


def annotate(person: Truth, number: int, image: int) -> dict[str, Any]:
    """Return one annotation in COCO's key point format, plain values for JSON.

    Args:
        person: the truth.
        number: of the annotation, from 1 on.
        image: number of its picture.
    """
    low, high = person.box[:2], person.box[2:]
    points = np.where(person.visible[:, None] > 0, person.keypoints, 0)
    return {
        "id": number,
        "image_id": image,
        "category_id": 1,
        "bbox": np.concatenate([low, high - low]).round(2).tolist(),
        "area": round(float(np.prod(high - low)), 2),
        "iscrowd": int(not person.shown),
        "keypoints": np.column_stack([points.round(2), person.visible]).ravel().tolist(),
        "num_keypoints": int((person.visible > 0).sum()),
        "head_top": person.head_top.round(2).tolist(),
        "neck": person.neck.round(2).tolist(),
        "action": person.action,
    }
