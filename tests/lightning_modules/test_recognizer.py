"""The recogniser does to a window what reading the data did to the clips, and can be exported."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lightning_modules.networks import LSTMClassifier
from lightning_modules.normalizers import make_normalizer
from lightning_modules.recognizer import Recognizer, interpolate_window
from pose.interpolation import find_missing, interpolate_missing
from tests.clips import make_data, make_people


@settings(deadline=None)
@given(
    length=st.integers(1, 12),
    joints=st.integers(1, 5),
    coordinates=st.sampled_from([2, 3]),
    shares=st.lists(st.sampled_from([0.0, 0.4, 0.9, 1.0]), min_size=1, max_size=3),
    never=st.booleans(),
    bad=st.sampled_from([np.nan, np.inf, 0.0]),
    seed=st.integers(0, 2**16),
)
def test_missing_joints_are_filled_in_as_in_the_clips_of_training(
    length: int, joints: int, coordinates: int, shares: list[float], never: bool, bad: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    keypoints = rng.uniform(-100, 2000, (len(shares), length, joints, coordinates)).astype(np.float32)
    scores = rng.uniform(0.1, 1, (len(shares), length, joints)).astype(np.float32)
    missing = rng.random(scores.shape) < np.array(shares)[:, None, None]
    missing[:, :, 0] |= never
    keypoints[missing] = bad
    scores[missing] = rng.choice([0.0, np.nan], size=int(missing.sum()))
    expected = keypoints.copy()
    for points, confidence in zip(expected, scores, strict=True):
        interpolate_missing(points, find_missing(points, confidence))
    filled = interpolate_window(torch.from_numpy(keypoints), torch.from_numpy(scores)).numpy()
    np.testing.assert_allclose(filled, expected, rtol=1e-4, atol=1e-2)
    np.testing.assert_array_equal(filled[~missing], keypoints[~missing])


def make_recognizer(with_scores: bool = False, bidirectional: bool = False, velocity: bool = False) -> Recognizer:
    torch.manual_seed(0)
    channels = 2 + with_scores
    normalizer = make_normalizer("standard", 5, 2, channels, velocity=velocity)
    frames = torch.randn(50, 5, channels) * 30 + 400
    normalizer.fit([frames], [frames.view(5, 10, 5, channels)])
    network = LSTMClassifier(normalizer.num_features, 3, 2, 8, bidirectional=bidirectional)
    return Recognizer(normalizer, network, with_scores).eval()


@pytest.mark.parametrize("velocity", [False, True])
@pytest.mark.parametrize("with_scores", [False, True])
def test_probabilities_are_those_of_the_parts_one_after_the_other(with_scores: bool, velocity: bool) -> None:
    recognizer = make_recognizer(with_scores, velocity=velocity)
    data = make_data(make_people(joints=5), scores=with_scores)
    windows = data.parts.windows["test"]
    batch = windows.gather(torch.arange(len(windows)))
    expected = recognizer.network(recognizer.normalizer(batch.keypoints)).softmax(dim=-1)
    probabilities = recognizer(batch.keypoints[..., :2], torch.ones(batch.keypoints.shape[:3]))
    torch.testing.assert_close(probabilities, expected)
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(len(windows)))


def test_windows_without_any_joint_still_give_probabilities() -> None:
    recognizer = make_recognizer(with_scores=True)
    probabilities = recognizer(torch.full((2, 9, 5, 2), torch.nan), torch.full((2, 9, 5), torch.nan))
    assert torch.isfinite(probabilities).all()


@pytest.mark.filterwarnings("ignore:The tensor attributes self.network.lstm:UserWarning")
@pytest.mark.parametrize(("bidirectional", "velocity"), [(False, False), (True, False), (False, True)])
def test_it_is_exported_for_any_batch_size(bidirectional: bool, velocity: bool) -> None:
    recognizer = make_recognizer(bidirectional=bidirectional, velocity=velocity)
    example = (torch.randn(2, 9, 5, 2), torch.ones(2, 9, 5))
    batch = torch.export.Dim("batch")
    with torch.no_grad():
        exported = torch.export.export(recognizer, example, dynamic_shapes=({0: batch}, {0: batch})).module()
        for size in (1, 3, 40):
            keypoints, scores = torch.randn(size, 9, 5, 2) * 100, torch.rand(size, 9, 5).round()
            keypoints[0, 3, 1] = torch.nan
            torch.testing.assert_close(exported(keypoints, scores), recognizer(keypoints, scores))
