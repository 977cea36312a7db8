"""The demo's two networks, run by MMDet's and MMPose's own inference."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pose.demo.train import HERE, NAMES, load_weights
from pose.interfaces import Array, Boxes, Image


def load_network(what: str, weights: Path | None = None) -> Any:
    """Load a network with its weights, ready to predict.

    Args:
        what: "detector" or "estimator".
        weights: a safetensors file; the one in the repository if None.

    Returns:
        The module of MMDet or MMPose, with its config in `cfg`.

    Raises:
        DataError: the weights are another network's.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mmengine.config import Config

        if what == "detector":
            from mmdet.apis import init_detector as init
            from mmpose.utils import adapt_mmdet_pipeline as adapt
        else:
            from mmpose.apis import init_model as init

        network = init(Config.fromfile(HERE / f"{NAMES[what]}.py"), None, device="cpu")
    load_weights(network, weights or HERE / f"{NAMES[what]}.safetensors")
    if what == "detector":
        network.cfg = adapt(network.cfg)
    return network


def find_boxes(detector: Any, images: Sequence[Image]) -> list[Boxes]:
    """Return persons' boxes in pictures `[H, W, 3]`, as `mmdet.apis.inference_detector` finds them."""
    from mmdet.apis import inference_detector

    found = (result.pred_instances for result in inference_detector(detector, list(images)))
    return [Boxes(boxes.bboxes.numpy(), boxes.scores.numpy()) for boxes in found]


def find_joints(estimator: Any, image: Image, boxes: Array) -> Array:
    """Return key points `[N, 17, 2]` of boxes `[N, 4]`, as `mmpose.apis.inference_topdown` finds them."""
    from mmpose.apis import inference_topdown

    if not len(boxes):
        return np.empty((0, 17, 2), np.float32)
    results = inference_topdown(estimator, image, boxes)
    return np.concatenate([result.pred_instances.keypoints for result in results]).astype(np.float32)
