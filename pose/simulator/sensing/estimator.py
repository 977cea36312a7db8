"""The simulated pose estimator: key points with errors, and scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pose.simulator.motion.kinematics import COCO_JOINTS
from pose.simulator.motion.rotations import Floats
from pose.simulator.sensing.cameras import Camera
from pose.simulator.sensing.error_rates import EstimatorErrors
from pose.simulator.sensing.occlusion import Floats32, occlusion
from pose.skeletons import get_skeleton

REFERENCE_DISTANCE = 5.0
"""Metres at which jitter and scores are as `EstimatorErrors` says."""

# COCO's per-joint constants, 2 sigma of annotators' disagreement (cocodataset.org, keypoints-eval), relative to mean.
_LIMB_SIGMAS = np.repeat([0.079, 0.072, 0.062, 0.107, 0.087, 0.089], 2)
_SIGMAS = np.append([0.026, 0.025, 0.025, 0.035, 0.035], _LIMB_SIGMAS)
JOINT_FACTORS = (_SIGMAS / _SIGMAS.mean()).astype(np.float32)
"""[17] how much more than the average joint each one jitters."""
_LIMBS = (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"))
_MIRROR = np.array(get_skeleton("coco17").mirror)
ARMS, LEGS = (np.array([any(part in joint for part in limb) for joint in COCO_JOINTS]) for limb in _LIMBS)
"""[17] masks of the joints that are swapped together."""


def estimate(
    rng: np.random.Generator, joints: Floats, cameras: Sequence[Camera], errors: EstimatorErrors
) -> tuple[Floats32, Floats32]:
    """Return the key points of one recording in several cameras.

    Args:
        rng: which errors are made.
        joints: [T, 25, 3] metres, in the order of `body.JOINTS`.
        cameras: W of them.
        errors: how many are made.

    Returns:
        Key points [W, T, 17, 2] in pixels, NaN where missed or out of the picture, and scores [W, T, 17] in 0..1,
        0 where missed.
    """
    seen = [camera.project(joints) for camera in cameras]
    pixels = np.stack([pixel for pixel, _ in seen])
    depth = np.stack([distance for _, distance in seen])
    focal = np.array([camera.K[0, 0] for camera in cameras])
    hidden = occlusion(pixels, depth, focal)
    points = pixels[:, :, : len(COCO_JOINTS)].astype(np.float32)
    distance = depth[:, :, : len(COCO_JOINTS)].astype(np.float32)
    points += _jitter(rng, hidden, distance, errors)
    scores = _scores(rng, hidden, distance, errors)
    for limb in (ARMS, LEGS):
        _swap(rng, points, scores, limb, errors)
    missed = _missed(rng, points, hidden, cameras[0].image_size, errors)
    points[missed] = np.nan
    scores[missed] = 0
    return points, scores


def bursts(
    rng: np.random.Generator, rate: npt.ArrayLike, length: float, shape: tuple[int, ...]
) -> npt.NDArray[np.bool_]:
    """Sample runs of frames in which something goes wrong.

    Args:
        rng: which.
        rate: part of the frames, a number or [W, T, ...].
        length: mean frames of a run, geometrically distributed.
        shape: [W, T, ...] of the result; runs go along the second axis.

    Returns:
        Mask of `shape`. Runs that overlap count once, so that its mean is 1 - exp(-rate) at most.
    """
    width = 1 + 2 * int(np.ceil(length))
    lead = (shape[0], shape[1] + width, *shape[2:])
    chance = np.asarray(rate, dtype=np.float32) / length
    if chance.ndim:
        chance = np.concatenate([np.repeat(chance[:, :1], width, axis=1), chance], axis=1)
    begins = np.argwhere(rng.random(lead, dtype=np.float32) < chance)
    steps = np.zeros((lead[0], lead[1] + 1, *lead[2:]), dtype=np.int8)
    ends = begins.copy()
    ends[:, 1] = np.minimum(begins[:, 1] + rng.geometric(1 / length, len(begins)), lead[1])
    np.add.at(steps, tuple(begins.T), 1)
    np.subtract.at(steps, tuple(ends.T), 1)
    return np.cumsum(steps, axis=1, dtype=np.int8)[:, width:-1] > 0


def _jitter(rng: np.random.Generator, hidden: Floats32, distance: Floats32, errors: EstimatorErrors) -> Floats32:
    """Return offsets [W, T, 17, 2] in pixels: a first-order autoregression over time, scaled joint by joint."""
    memory = errors.jitter_memory
    taps = 1 if memory == 0 else min(int(np.ceil(np.log(0.05) / np.log(memory))) + 1, 30)
    weights = memory ** np.arange(taps, dtype=np.float32)
    weights = (weights / np.sqrt((weights**2).sum())).astype(np.float32)
    views, frames, joints = hidden.shape
    white = rng.standard_normal((views, frames + taps - 1, joints, 2), dtype=np.float32)
    noise = np.zeros((views, frames, joints, 2), dtype=np.float32)
    for lag, weight in enumerate(weights):
        noise += weight * white[:, taps - 1 - lag : taps - 1 - lag + frames]
    size = errors.jitter * JOINT_FACTORS * (1 + (errors.occluded_jitter - 1) * hidden)
    if errors.jitter_growth:
        size = size * (distance / REFERENCE_DISTANCE) ** np.float32(errors.jitter_growth)
    noise *= size[..., None]
    return noise


def _scores(rng: np.random.Generator, hidden: Floats32, distance: Floats32, errors: EstimatorErrors) -> Floats32:
    scores = errors.score - (errors.score - errors.occluded_score) * hidden
    scores = scores - errors.score_falloff * (distance - REFERENCE_DISTANCE)
    scores = scores + errors.score_spread * rng.standard_normal(hidden.shape, dtype=np.float32)
    found: Floats32 = np.clip(scores, 0.02, 1)
    return found


def _swap(
    rng: np.random.Generator, points: Floats32, scores: Floats32, limb: npt.NDArray[np.bool_], errors: EstimatorErrors
) -> None:
    """Exchange left and right of one pair of limbs, in place, in some runs of frames."""
    view, frame = np.nonzero(bursts(rng, errors.swap_rate, errors.swap_length, scores.shape[:2]))
    joints = np.flatnonzero(limb)
    at, mirrored = (view[:, None], frame[:, None], joints), (view[:, None], frame[:, None], _MIRROR[joints])
    points[at], scores[at] = points[mirrored], scores[mirrored]


def _missed(
    rng: np.random.Generator, points: Floats32, hidden: Floats32, image_size: tuple[int, int], errors: EstimatorErrors
) -> npt.NDArray[np.bool_]:
    """Return the mask [W, T, 17] of joints missed by themselves, with the person, or out of the picture."""
    rate = errors.missed_joint_rate + (errors.missed_occluded_rate - errors.missed_joint_rate) * hidden
    missed = bursts(rng, rate, errors.missed_joint_length, hidden.shape)
    missed |= bursts(rng, errors.missed_frame_rate, errors.missed_frame_length, hidden.shape[:2])[..., None]
    outside = (points < 0) | (points >= np.array(image_size, dtype=np.float32))
    missed |= outside.any(axis=-1)
    return missed
