"""The simulated estimator errs as often, and as much, as it is told to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pose.errors import DataError
from pose.simulator import EstimatorErrors, make_actor, stage_cameras
from pose.simulator.scenes import perform
from pose.simulator.sensing.estimator import ARMS, JOINT_FACTORS, LEGS, bursts, estimate
from pose.simulator.sensing.occlusion import occlusion
from pose.skeletons import get_skeleton

COCO = get_skeleton("coco17")
QUIET = {field: getattr(EstimatorErrors.none(), field) for field in EstimatorErrors.__slots__}


@pytest.fixture(scope="module")
def standing() -> np.ndarray:
    """[300, 25, 3]: somebody who stands in the middle of the stage and faces x."""
    joints = perform(np.random.default_rng(0), make_actor(0, 0), "standing", 300)[:1]
    across = joints[0, COCO.joints.index("left_hip")] - joints[0, COCO.joints.index("right_hip")]
    turn = np.arctan2(-across[0], across[1])
    c, s = np.cos(-turn), np.sin(-turn)
    centred = joints - joints[:, 17:18] * [1, 1, 0]
    return np.repeat(centred @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]), 300, axis=0)


def observe(joints: np.ndarray, **changes: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Key points, scores and truth of all twelve cameras, with only the errors named in `changes`."""
    cameras = stage_cameras(0)
    errors = EstimatorErrors(**{**QUIET, **changes})
    points, scores = estimate(np.random.default_rng(1), joints, cameras, errors)
    truth = np.stack([camera.project(joints[:, :17])[0] for camera in cameras])
    return points, scores, truth


def test_jitter_has_the_size_asked_for_joint_by_joint(standing: np.ndarray) -> None:
    points, _, truth = observe(standing, jitter=2.0, jitter_growth=0.0, occluded_jitter=1.0)
    measured = (points - truth).std(axis=(0, 1, 3))
    assert measured == pytest.approx(2.0 * JOINT_FACTORS, rel=0.1)


def test_jitter_grows_with_distance(standing: np.ndarray) -> None:
    sizes = {}
    for metres in (-2.5, 2.5):
        points, _, truth = observe(standing + np.array([metres, 0, 0]), jitter=2.0, occluded_jitter=1.0)
        sizes[metres] = (points - truth)[0].std()  # C01 hangs at x = 6.8 m
    assert sizes[-2.5] / sizes[2.5] == pytest.approx((6.8 + 2.5) / (6.8 - 2.5), rel=0.15)


def test_jitter_remembers_the_frame_before(standing: np.ndarray) -> None:
    points, _, truth = observe(standing, jitter=2.0, jitter_memory=0.6)
    wrong = (points - truth)[:, :, 0, 0]
    assert np.corrcoef(wrong[:, 1:].ravel(), wrong[:, :-1].ravel())[0, 1] == pytest.approx(0.6, abs=0.08)
    points, _, truth = observe(standing, jitter=2.0, jitter_memory=0.0)
    wrong = (points - truth)[:, :, 0, 0]
    assert abs(np.corrcoef(wrong[:, 1:].ravel(), wrong[:, :-1].ravel())[0, 1]) < 0.08


def test_the_far_side_of_the_body_is_hidden_and_the_near_side_is_not(standing: np.ndarray) -> None:
    camera = stage_cameras(0)[3]  # at y = 6.8 m, on the left of who faces x
    pixels, depth = camera.project(standing)
    hidden = occlusion(pixels[None], depth[None], camera.K[:1, 0])[0, 0]
    sides = [[COCO.joints.index(f"{side}_{part}") for part in ("ear", "shoulder", "hip")] for side in ("left", "right")]
    assert hidden[sides[0]].max() < 0.2
    assert hidden[sides[1]].min() > 0.5


def test_a_face_is_hidden_from_behind_only(standing: np.ndarray) -> None:
    face = [COCO.joints.index(name) for name in ("nose", "left_eye", "right_eye")]
    for index, seen in ((0, True), (6, False)):
        camera = stage_cameras(0)[index]
        pixels, depth = camera.project(standing)
        hidden = occlusion(pixels[None], depth[None], camera.K[:1, 0])[0, 0, face]
        assert hidden.max() < 0.2 if seen else hidden.min() > 0.8


def test_hidden_joints_have_lower_scores_and_more_jitter(standing: np.ndarray) -> None:
    points, scores, truth = observe(
        standing, jitter=2.0, jitter_growth=0.0, score=0.9, score_spread=0.05, occluded_score=0.45, occluded_jitter=3.0
    )
    near, far = COCO.joints.index("left_hip"), COCO.joints.index("right_hip")
    assert scores[3, :, far].mean() < scores[3, :, near].mean() - 0.2
    wrong = (points - truth)[3].std(axis=(0, 2))
    assert wrong[far] > 1.8 * wrong[near]


def test_scores_fall_with_distance(standing: np.ndarray) -> None:
    near = observe(standing + np.array([2.5, 0, 0]), score=0.9, score_falloff=0.02)[1][0, :, 0].mean()
    far = observe(standing - np.array([2.5, 0, 0]), score=0.9, score_falloff=0.02)[1][0, :, 0].mean()
    assert near - far == pytest.approx(0.02 * 5.0, rel=0.1)


@pytest.mark.parametrize("limb", [ARMS, LEGS])
def test_left_and_right_are_swapped_as_often_as_asked(standing: np.ndarray, limb: np.ndarray) -> None:
    points, _, truth = observe(np.tile(standing, (4, 1, 1)), swap_rate=0.1)
    swapped = np.abs(points - truth[:, :, list(COCO.mirror)])[:, :, limb].max(axis=(2, 3)) < 0.01
    right = np.abs(points - truth)[:, :, limb].max(axis=(2, 3)) < 0.01
    assert np.array_equal(swapped, ~right)
    assert swapped.mean() == pytest.approx(1 - np.exp(-0.1), rel=0.2)


def test_joints_and_frames_are_missed_as_often_as_asked(standing: np.ndarray) -> None:
    points, scores, _ = observe(standing, missed_joint_rate=0.1, missed_occluded_rate=0.1)
    assert np.isnan(points[..., 0]).mean() == pytest.approx(1 - np.exp(-0.1), rel=0.1)
    points, scores, _ = observe(np.tile(standing, (4, 1, 1)), missed_frame_rate=0.1)
    missed = np.isnan(points).all(axis=(2, 3))
    assert np.array_equal(missed, np.isnan(points).any(axis=(2, 3)))
    assert np.all(scores[missed] == 0)
    assert missed.mean() == pytest.approx(1 - np.exp(-0.1), rel=0.2)


def test_hidden_joints_are_missed_more_often(standing: np.ndarray) -> None:
    points, _, _ = observe(standing, missed_joint_rate=0.01, missed_occluded_rate=0.3)
    missed = np.isnan(points[3, ..., 0]).mean(axis=0)
    assert missed[COCO.joints.index("right_hip")] > 5 * missed[COCO.joints.index("left_hip")]


@settings(deadline=None, max_examples=15)
@given(rate=st.floats(0.0, 0.2), length=st.floats(1.0, 8.0), seed=st.integers(0, 2**32))
def test_bursts_are_as_frequent_as_asked_for_any_rate_and_length(rate: float, length: float, seed: int) -> None:
    mask = bursts(np.random.default_rng(seed), rate, length, (400, 200))
    assert mask.shape == (400, 200)
    assert mask.mean() == pytest.approx(1 - np.exp(-rate), abs=0.15 * rate + 0.003)


def test_bursts_last_as_long_as_asked() -> None:
    mask = bursts(np.random.default_rng(0), 0.01, 4.0, (500, 300))
    begins = (mask[:, 1:] & ~mask[:, :-1]).sum()
    assert mask[:, 1:].sum() / begins == pytest.approx(4.0, rel=0.15)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("swap_rate", -0.1),
        ("missed_frame_rate", 0.9),
        ("swap_length", 0.5),
        ("jitter", -1.0),
        ("jitter_memory", 1.0),
        ("score", 1.5),
    ],
)
def test_errors_out_of_range_are_refused_in_one_line(name: str, value: float) -> None:
    with pytest.raises(DataError, match=f"simulated estimator: {name} is {value}, expected") as caught:
        EstimatorErrors(**{name: value})
    assert "\n" not in str(caught.value)
