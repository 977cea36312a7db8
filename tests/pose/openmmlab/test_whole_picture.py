"""MMPose's bottom-up and one-stage networks behind our protocol find what `inference_bottomup` finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pose.errors import DataError
from pose.openmmlab.build import in_scope
from tests.pose.openmmlab.options import make, nearest, normalised, picture

pytest.importorskip("mmpose")


def confident(estimator: Any) -> Any:
    """The estimator with layers that keep their range, so that it finds some people."""
    import torch

    module = estimator.network.module
    with torch.no_grad(), normalised(module), in_scope("mmpose"):
        prepare, facts = estimator._preparation
        data = prepare({"img": picture(64, 64), **facts})
        batch = module.data_preprocessor({"inputs": [data["inputs"]], "data_samples": [data["data_samples"]]})
        inputs = torch.stack(list(batch["inputs"]))
        outputs = module.head.forward(module.extract_feat(inputs))
    head = module.head
    if hasattr(head, "heatmap_conv_layers"):
        head.heatmap_conv_layers[-1].weight.data *= 0.3 / outputs[0].abs().max()
    elif hasattr(head, "head_module"):
        for layer in head.head_module.out_cls:
            layer.bias.data += 1
        for layer in head.head_module.out_bbox:
            layer.weight.data *= 0.1
    else:
        head.final_layer.weight.data *= 0.5 / outputs[0].abs().max()
    return estimator


def small(estimator: Any) -> Any:
    """The estimator with a smaller input in its configuration, which MMPose reads too."""
    for step in estimator.network.pipeline:
        if step["type"] == "BottomupResize":
            step["input_size"] = (128, 128)
    estimator.network.config.model.head.decoder["input_size"] = (128, 128)
    if "heatmap_size" in estimator.network.config.model.head.decoder:
        size = estimator.network.config.model.head.decoder["heatmap_size"]
        estimator.network.config.model.head.decoder["heatmap_size"] = tuple(side // 4 for side in size)
    return estimator


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dekr", "associative_embedding", "rtmo"])
def test_it_finds_what_mmpose_finds(name):
    from mmpose.apis.inference import dataset_meta_from_config, inference_bottomup

    estimator = make("estimator", name, score_threshold=0)
    estimator = confident(small(estimator) if name != "rtmo" else estimator)
    images = [picture(96, 96), picture(96, 96)[:, ::-1].copy()]  # RTMO's and associative embedding's are one batch
    found = estimator.find(images)

    module = estimator.network.module
    module.cfg = estimator.network.config
    module.dataset_meta = dataset_meta_from_config(module.cfg, "test")
    with in_scope("mmpose"):
        expected = [inference_bottomup(module, image)[0].pred_instances for image in images]
    for poses, instances in zip(found, expected, strict=True):
        assert len(poses) == len(instances.keypoints) > 0
        rows = nearest(poses.keypoints, np.asarray(instances.keypoints))
        assert np.abs(poses.scores - np.asarray(instances.keypoint_scores).clip(0, 1)[rows]).max() < 1e-4
        assert np.abs(poses.keypoints - np.asarray(instances.keypoints)[rows]).max() < 0.1
        assert poses.boxes.xyxy.shape == (len(poses), 4)
        assert (np.diff(poses.boxes.scores) <= 0).all()


@pytest.mark.slow
def test_thresholds_and_the_best_few():
    everybody = confident(make("estimator", "rtmo", score_threshold=0)).find([picture(96, 96)])[0]
    assert len(everybody) > 3
    middle = float(np.median(everybody.boxes.scores))
    estimator = confident(make("estimator", "rtmo", score_threshold=middle, max_people=3))
    [best] = estimator.find([picture(96, 96)])
    assert np.allclose(best.keypoints, everybody.keypoints[:3], atol=0.1)
    assert estimator.find([]) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "flip_test", "message"),
    [
        ("rtmo", True, "has no flip test: leave flip_test=null"),
        ("associative_embedding", False, "works only with the flip test: use flip_test=true"),
    ],
)
def test_flip_tests_that_are_not_possible(name, flip_test, message):
    with pytest.raises(DataError, match=message):
        make("estimator", name, flip_test=flip_test).find([picture(64, 64)])
