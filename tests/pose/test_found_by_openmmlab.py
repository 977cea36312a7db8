"""MMDet and MMPose behind our protocols find what they find by their own means."""

from __future__ import annotations

import numpy as np

from pose.openmmlab.detectors import MMDetDetector
from pose.openmmlab.top_down import MMPoseTopDown
from pose.whole_frame import WholeFrameDetector

RTMDET_TINY = "mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py"
HRNET_W32 = "mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py"
NOISE = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)


def test_both_libraries_run_in_one_process():
    detector = MMDetDetector(RTMDET_TINY, "random", input_size=(128, 128))
    estimator = MMPoseTopDown(HRNET_W32, "random", flip_test=False)
    assert len(detector.detect([NOISE, NOISE])) == 2
    [boxes] = WholeFrameDetector().detect([NOISE])
    keypoints, scores = estimator.estimate(estimator.crop(NOISE, boxes.xyxy))
    assert keypoints.shape == (1, 17, 2)
    assert scores.shape == (1, 17)


def test_the_whole_frame_is_a_box():
    [boxes] = WholeFrameDetector().detect([NOISE])
    assert boxes.xyxy.tolist() == [[0, 0, 160, 120]]
    assert boxes.scores.tolist() == [1]
