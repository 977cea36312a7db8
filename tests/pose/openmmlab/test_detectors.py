"""MMDet's detectors behind our protocol find the persons that `inference_detector` finds."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from pose.errors import DataError
from pose.openmmlab.build import in_scope
from pose.openmmlab.letterbox import Letterbox
from tests.pose.openmmlab.options import ROOT, make, nearest, normalised, picture

pytest.importorskip("mmdet")

SINGLE_STAGE = ("rtmdet_tiny", "rtmdet_m", "yolox_s")
TWO_STAGE = ("faster_rcnn", "mask_rcnn")


def resized(detector: Any, scale: tuple[int, int]) -> Any:
    """The detector with another size in its configuration, which MMDet reads too."""
    for step in detector.network.pipeline:
        if step["type"] == "Resize":
            step["scale"] = scale
        if step.get("size"):
            step["size"] = scale
    return detector


def confident(detector: Any) -> Any:
    """The detector with layers that keep their range, and persons before all else."""
    import torch

    module = detector.network.module
    if hasattr(module, "roi_head"):
        module.roi_head.bbox_head.fc_cls.bias.data[detector.person_class] += 4
        return detector
    pixels, _ = detector._letterbox.apply([picture()])
    batch = {"inputs": list(torch.from_numpy(pixels).permute(0, 3, 1, 2)), "data_samples": None}
    with torch.no_grad():
        inputs = module.data_preprocessor(batch)["inputs"]
        with normalised(module):
            module.bbox_head(module.extract_feat(inputs))
        levels = module.bbox_head(module.extract_feat(inputs))[0]
        layers = getattr(module.bbox_head, "rtm_cls", None) or module.bbox_head.multi_level_conv_cls
        for layer, logits in zip(layers, levels, strict=True):
            layer.weight /= logits[:, 0].std()
            layer.weight[1:] = 0
            layer.bias[0] += 1.5
            layer.bias[1:] = -9
        if hasattr(module.bbox_head, "multi_level_conv_obj"):
            for objectness, box in zip(
                module.bbox_head.multi_level_conv_obj, module.bbox_head.multi_level_conv_reg, strict=True
            ):
                objectness.bias += 4
                box.weight *= 0.1
    return detector


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SINGLE_STAGE, *TWO_STAGE])
def test_it_finds_what_mmdet_finds(name):
    from mmdet.apis import inference_detector
    from mmpose.utils import adapt_mmdet_pipeline

    detector = make("detector", name, score_threshold=0.05)
    detector = confident(resized(detector, (256, 160) if name in TWO_STAGE else (256, 256)))
    images = [picture(), picture()[:, ::-1].copy()]
    found = detector.detect(images)

    module = detector.network.module
    module.cfg = adapt_mmdet_pipeline(detector.network.config.copy())
    with in_scope("mmdet"):
        expected = [inference_detector(module, image).pred_instances for image in images]
    for image, in_batch, instances in zip(images, found, expected, strict=True):
        [boxes] = detector.detect([image])
        persons = instances[(instances.labels == 0) & (instances.scores >= 0.05)]
        assert len(boxes) == len(persons) > 0
        rows = nearest(boxes.xyxy, persons.bboxes.numpy())
        assert np.abs(boxes.scores - persons.scores.numpy()[rows]).max() < 1e-5
        assert np.abs(boxes.xyxy - persons.bboxes.numpy()[rows]).max() < 1e-2
        assert (np.diff(boxes.scores) <= 0).all()
        # A batch rounds otherwise than one picture, and these layers are drawn so that they enlarge that.
        best, of_best = in_batch.xyxy[:3], in_batch.scores[:3]
        rows = nearest(best, boxes.xyxy)
        assert np.abs(of_best - boxes.scores[rows]).max() < 5e-3
        assert np.abs(best - boxes.xyxy[rows]).max() < 0.5


@pytest.mark.parametrize("size", [(320, 240), (200, 301), (1280, 720)])
@pytest.mark.parametrize("name", [*SINGLE_STAGE, *TWO_STAGE])
def test_pictures_are_prepared_to_the_last_bit(name, size):
    from mmcv.transforms import Compose
    from mmpose.utils import adapt_mmdet_pipeline

    detector = make("detector", name)
    batch, facts = detector._letterbox.apply([picture(*size)])
    with in_scope("mmdet"):
        pipeline = adapt_mmdet_pipeline(detector.network.config.copy()).test_dataloader.dataset.pipeline
        pipeline[0]["type"] = "mmdet.LoadImageFromNDArray"
        expected = Compose(pipeline)({"img": picture(*size), "img_id": 0})
    assert (expected["inputs"].permute(1, 2, 0).numpy() == batch[0]).all()
    for key in ("ori_shape", "img_shape", "scale_factor"):
        assert expected["data_samples"].metainfo[key] == facts[key]


@pytest.mark.slow
def test_thresholds_and_the_best_few():
    detector = confident(make("detector", "rtmdet_tiny", score_threshold=0.05, input_size=[128, 128]))
    [everybody] = detector.detect([picture()])
    few = confident(make("detector", "rtmdet_tiny", score_threshold=0.05, input_size=[128, 128], max_people=2))
    [best] = few.detect([picture()])
    assert len(everybody) > 2
    assert np.allclose(best.xyxy, everybody.xyxy[:2], atol=1e-3)
    middle = float(np.median(everybody.scores))
    strict = confident(make("detector", "rtmdet_tiny", score_threshold=middle, input_size=[128, 128]))
    assert 0 < len(strict.detect([picture()])[0]) < len(everybody)
    assert detector.detect([]) == []


def test_the_whole_frame_is_a_box():
    [boxes] = make("detector", "whole_frame").detect([picture(160, 120)])
    assert boxes.xyxy.tolist() == [[0, 0, 160, 120]]
    assert boxes.scores.tolist() == [1]


@pytest.mark.slow
def test_random_weights_are_the_same_in_every_process():
    code = (ROOT / "tests/pose/openmmlab/programs/random_digest.py").read_text()
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.strip() == digest(make("detector", "rtmdet_tiny"))
    assert run.stdout.strip() != digest(make("detector", "rtmdet_tiny", weights="random:1"))


def digest(detector: Any) -> str:
    state = detector.network.module.state_dict()
    return hashlib.sha256(b"".join(value.numpy().tobytes() for value in state.values())).hexdigest()


def test_impossible_values():
    with pytest.raises(DataError, match=r"input_size=\[640\]: give width and height"):
        make("detector", "rtmdet_tiny", input_size=[640])
    with pytest.raises(DataError, match="precision=half: use one of auto, float32"):
        make("detector", "rtmdet_tiny", precision="half")
    with pytest.raises(DataError, match="device=tpu: use one of auto, cpu, cuda"):
        make("detector", "rtmdet_tiny", device="tpu").detect([picture()])
    with pytest.raises(DataError, match="no configuration mmdet::none"):
        make("detector", "rtmdet_tiny", config="mmdet::none.py").detect([picture()])


@pytest.mark.slow
def test_the_weights_of_another_network(tmp_path):
    import torch

    torch.save({"a": torch.ones(1)}, tmp_path / "a.pth")
    with pytest.raises(DataError, match=r"a.pth are the weights of another network: \S+ and \d+ more is not there"):
        make("detector", "rtmdet_tiny", weights=str(tmp_path / "a.pth")).detect([picture()])


@pytest.mark.slow
def test_saved_weights_find_the_same(tmp_path):
    from pose.weights.files import write_weights

    size = {"score_threshold": 0.05, "input_size": [128, 128]}
    detector = confident(make("detector", "rtmdet_tiny", **size))
    write_weights(tmp_path / "w.safetensors", detector.network.module.state_dict())
    again = make("detector", "rtmdet_tiny", weights=str(tmp_path / "w.safetensors"), **size)
    [one], [other] = detector.detect([picture()]), again.detect([picture()])
    assert len(one)
    assert (one.xyxy == other.xyxy).all()


@pytest.mark.parametrize(
    ("pipeline", "size", "shape", "scale"),
    [
        (
            [{"type": "Resize", "scale": (1333, 800), "keep_ratio": True}],
            (640, 480),
            (800, 1067),
            (1067 / 640, 800 / 480),
        ),
        ([{"type": "Resize", "scale": (64, 64)}], (640, 480), (64, 64), (0.1, 64 / 480)),
        (
            [
                {"type": "mmdet.Resize", "scale": (64, 64), "keep_ratio": True},
                {"type": "Pad", "pad_to_square": True, "pad_val": {"img": (114.0, 114.0, 114.0)}},
            ],
            (640, 480),
            (64, 64),
            (0.1, 0.1),
        ),
        (
            [{"type": "Resize", "scale": (64, 64), "keep_ratio": True}, {"type": "Pad", "size_divisor": 32}],
            (640, 300),
            (32, 64),
            (0.1, 0.1),
        ),
    ],
)
def test_letterboxes(pipeline, size, shape, scale):
    batch, facts = Letterbox.of_pipeline(pipeline, None).apply([picture(*size)])
    assert batch.shape[1:3] == shape
    assert facts["scale_factor"] == pytest.approx(scale)
    assert facts["ori_shape"] == size[::-1]


def test_steps_that_are_not_known_are_refused():
    with pytest.raises(DataError, match="has a step RandomFlip"):
        Letterbox.of_pipeline([{"type": "RandomFlip"}], None)
    with pytest.raises(DataError, match="has no Resize"):
        Letterbox.of_pipeline([], None)
