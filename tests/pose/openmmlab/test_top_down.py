"""MMPose's top-down networks behind our protocol find what `inference_topdown` finds, for each kind of head."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pose.errors import DataError
from tests.pose.openmmlab.options import BOXES, make, normalised, picture

pytest.importorskip("mmpose")

KINDS = {
    "hrnet_w32": "heatmaps",
    "resnet50": "heatmaps after deconvolutions",
    "rtmpose_m": "SimCC",
    "vitpose_b": "unbiased heatmaps",
}


def confident(estimator: Any) -> Any:
    """The estimator with its last layer scaled so that scores lie between 0 and 1 and differ."""
    import torch

    module = estimator.network.module
    inputs = estimator._inputs(module, estimator.crop(picture(), BOXES).pixels)
    with torch.no_grad(), normalised(module):
        module.extract_feat(inputs)
    with torch.inference_mode():
        outputs = module.head.forward(module.extract_feat(inputs))
    layers = [module.head.cls_x, module.head.cls_y] if isinstance(outputs, tuple) else [module.head.final_layer]
    for layer, output in zip(layers, outputs if isinstance(outputs, tuple) else [outputs], strict=True):
        layer.weight.data /= 1.2 * output.max()
    return estimator


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "flip_test"), [*((name, True) for name in KINDS), ("hrnet_w32", False), ("rtmpose_m", False)]
)
def test_it_finds_what_mmpose_finds(name, flip_test):
    from mmpose.apis.inference import dataset_meta_from_config, inference_topdown

    estimator = confident(make("estimator", name, flip_test=flip_test))
    image = picture()
    keypoints, scores = estimator.estimate(estimator.crop(image, BOXES))

    module = estimator.network.module
    module.cfg = estimator.network.config
    module.dataset_meta = dataset_meta_from_config(module.cfg)
    module.test_cfg["flip_test"] = flip_test
    expected = [sample.pred_instances for sample in inference_topdown(module, image, BOXES)]
    theirs = np.concatenate([instances.keypoint_scores for instances in expected]).clip(0, 1)
    assert theirs.max() > 0.3
    assert np.abs(scores - theirs).max() < 1e-4
    found = theirs > 0
    distances = np.linalg.norm(keypoints - np.concatenate([instances.keypoints for instances in expected]), axis=-1)
    assert distances[found].max() < 0.1


@pytest.mark.slow
def test_a_batch_is_as_good_as_one_by_one():
    estimator = confident(make("estimator", "hrnet_w48"))
    crops = estimator.crop(picture(), BOXES)
    keypoints, scores = estimator.estimate(crops)
    for number in range(len(BOXES)):
        one, of_one = estimator.estimate(estimator.crop(picture(), BOXES[number : number + 1]))
        assert np.abs(of_one[0] - scores[number]).max() < 1e-4
        assert np.abs(one[0] - keypoints[number]).max() < 0.1


@pytest.mark.slow
def test_half_the_precision_moves_little():
    estimator = confident(make("estimator", "hrnet_w32", precision="bfloat16", flip_test=False))
    crops = estimator.crop(picture(), BOXES)
    _, half = estimator.estimate(crops)
    estimator.network.precision = "float32"
    _, full = estimator.estimate(crops)
    assert np.abs(half - full).max() < 0.1
    assert np.abs(half - full).max() > 0


def test_nobody_is_no_batch():
    estimator = make("estimator", "hrnet_w32")
    crops = estimator.crop(picture(), np.empty((0, 4), np.float32))
    keypoints, scores = estimator.estimate(crops)
    assert keypoints.shape == (0, 17, 2)
    assert scores.shape == (0, 17)
    assert "module" not in vars(estimator.network)


@pytest.mark.parametrize("name", ["hrnet_w32", "vitpose_b"])
def test_crops_are_mmposes(name):
    from mmpose.datasets.transforms import GetBBoxCenterScale, TopdownAffine

    estimator = make("estimator", name)
    crops = estimator.crop(picture(), BOXES)
    affine = TopdownAffine(input_size=(192, 256), use_udp=name == "vitpose_b")
    for box, pixels, matrix in zip(BOXES, crops.pixels, crops.to_picture, strict=True):
        results = affine(GetBBoxCenterScale()({"img": picture(), "bbox": box[None]}))
        assert (results["img"] == pixels).all()
        center = matrix @ [95.5, 127.5, 1] if name == "vitpose_b" else matrix @ [96, 128, 1]
        assert np.allclose(center, (box[:2] + box[2:]) / 2, atol=1e-3)


def test_a_box_without_an_extent_has_a_crop():
    crops = make("estimator", "hrnet_w32").crop(picture(), np.array([[10, 10, 10, 10]], np.float32))
    assert np.isfinite(crops.to_picture).all()


@pytest.mark.slow
def test_another_skeleton_than_the_networks():
    estimator = make("estimator", "hrnet_w32", skeleton="aihub16", flip_test=False)
    with pytest.raises(DataError, match="the network finds 17 joints, skeleton=aihub16 has 16"):
        estimator.estimate(estimator.crop(picture(), BOXES))


def test_a_whole_pictures_configuration_is_refused():
    config = "mmpose::body_2d_keypoint/rtmo/coco/rtmo-s_8xb32-600e_coco-640x640.py"
    with pytest.raises(DataError, match="has a step BottomupResize"):
        make("estimator", "hrnet_w32", config=config).crop(picture(), BOXES)
