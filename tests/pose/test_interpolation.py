"""Missing joints are filled in as an independent, slower reading of the rule says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pose.interpolation import find_missing, interpolate_missing


def fill_slowly(keypoints: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """The rule, a joint and a frame at a time."""
    filled = keypoints.astype(np.float64)
    length, joints, _ = keypoints.shape
    found_joints = [joint for joint in range(joints) if not missing[:, joint].all()]
    for joint in found_joints:
        for frame in np.flatnonzero(missing[:, joint]):
            before = next((t for t in range(frame, -1, -1) if not missing[t, joint]), None)
            after = next((t for t in range(frame, length) if not missing[t, joint]), None)
            if before is None or after is None:
                filled[frame, joint] = keypoints[after if before is None else before, joint]
            else:
                weight = (frame - before) / (after - before)
                filled[frame, joint] = (1 - weight) * keypoints[before, joint] + weight * keypoints[after, joint]
    for joint in set(range(joints)) - set(found_joints):
        filled[:, joint] = filled[:, found_joints].mean(axis=1) if found_joints else 0
    return filled


@settings(deadline=None)
@given(
    length=st.integers(1, 12),
    joints=st.integers(1, 5),
    coordinates=st.sampled_from([2, 3]),
    share=st.sampled_from([0.0, 0.3, 0.7, 0.95, 1.0]),
    seed=st.integers(0, 2**16),
)
def test_gaps_are_filled_linearly_in_time(length: int, joints: int, coordinates: int, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    keypoints = rng.uniform(-1000, 2000, (length, joints, coordinates)).astype(np.float32)
    missing = rng.random((length, joints)) < share
    expected = fill_slowly(keypoints, missing)
    keypoints[missing] = np.nan
    interpolate_missing(keypoints, missing)
    np.testing.assert_allclose(keypoints, expected, rtol=1e-5, atol=1e-3)


def test_found_joints_keep_their_bits() -> None:
    keypoints = np.random.default_rng(0).normal(size=(9, 4, 2)).astype(np.float32)
    missing = np.zeros((9, 4), bool)
    missing[3:5, 1] = True
    before = keypoints.copy()
    interpolate_missing(keypoints, missing)
    assert (keypoints[~missing] == before[~missing]).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_joint_is_missing_where_a_coordinate_is_no_number_or_the_score_is_none(bad: float) -> None:
    keypoints, scores = np.zeros((1, 5, 2)), np.array([[1.0, 1.0, 0.0, np.nan, -0.5]])
    keypoints[0, 1, 1] = bad
    assert find_missing(keypoints, scores).tolist() == [[False, True, True, True, True]]
