"""COCO's evaluation by pycocotools' own code."""

from __future__ import annotations

import contextlib
import io
from typing import Any

from pose.interfaces import Floats


def evaluate_coco(dataset: dict[str, Any], detections: Any, kind: str, thresholds: Floats | None = None) -> Any:
    """Evaluate detections without printing anything.

    Args:
        dataset: images, annotations and categories in COCO's format; ids begin at 1, as pycocotools takes 0 for nobody.
        detections: not empty, as `COCO.loadRes` takes them.
        kind: "bbox" or "keypoints".
        thresholds: of IoU or OKS; None for COCO's 0.5:0.95.

    Returns:
        The `COCOeval`, accumulated and summarised.
    """
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = dataset
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(detections), kind)
        if thresholds is not None:
            evaluation.params.iouThrs = thresholds
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation
