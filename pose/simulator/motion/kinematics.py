"""Forward kinematics of trunk and head, two-bone inverse kinematics of limbs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pose.simulator.motion.actors import Build
from pose.simulator.motion.rotations import Floats, apply, length, unit
from pose.skeletons import get_skeleton

COCO_JOINTS = get_skeleton("coco17").joints
JOINTS = (
    *COCO_JOINTS,
    *("pelvis", "waist", "neck", "head_top", "left_heel", "right_heel", "left_toe", "right_toe"),
)
INDEX = {name: i for i, name in enumerate(JOINTS)}
_BONES = (
    "pelvis-left_hip pelvis-right_hip pelvis-waist waist-neck neck-left_shoulder neck-right_shoulder neck-head_top "
    "neck-nose neck-left_eye neck-right_eye neck-left_ear neck-right_ear left_shoulder-left_elbow "
    "right_shoulder-right_elbow left_elbow-left_wrist right_elbow-right_wrist left_hip-left_knee right_hip-right_knee "
    "left_knee-left_ankle right_knee-right_ankle left_ankle-left_heel left_ankle-left_toe left_heel-left_toe "
    "right_ankle-right_heel right_ankle-right_toe right_heel-right_toe"
)
BONES = tuple((INDEX[bone.split("-")[0]], INDEX[bone.split("-")[1]]) for bone in _BONES.split())
SIDES = np.array([1.0, -1.0])
"""Left and right, as signs of y."""

WRIST_CLEARANCE = 0.04
"""Metres between the wrist's joint and the floor that a hand lies on."""
BEND_CLEARANCE = 0.04
"""The same for elbows and knees."""

# Fractions of stature from the neck's base, x forward: eyes at .936 and top at 1.0 of Winter's fig. 4.1.
_FACE = {
    "nose": (0.068, 0.0, 0.098),
    "left_eye": (0.056, 0.018, 0.118),
    "right_eye": (0.056, -0.018, 0.118),
    "left_ear": (0.010, 0.043, 0.108),
    "right_ear": (0.010, -0.043, 0.108),
    "head_top": (0.012, 0.0, 0.182),
}


@dataclass(slots=True)
class Motion:
    """Control points of a moving body over T frames; metres and radians, z up, left before right.

    Args:
        pelvis: [T, 3] middle of the hips.
        hips: [T, 3, 3] orientation of the pelvis.
        chest: [T, 3, 3] orientation of the trunk above the waist.
        head: [T, 3, 3] orientation of head and neck.
        ankles: [T, 2, 3] where the ankles are to be; the nearest point is taken where a leg is too short.
        feet: [T, 2, 3, 3] orientation of the feet.
        knees: [T, 2, 3] directions to which the knees bend.
        arms: [T, 2, 4] angles of hanging arms: flexion, abduction, elbow, forearm inwards.
        hands: [T or 1, 2, 3] where the wrists are to be, as far as `reach` says so.
        reach: [T or 1, 2] 0..1, how much of `hands` there is, the rest being `arms`.
    """

    pelvis: Floats
    hips: Floats
    chest: Floats
    head: Floats
    ankles: Floats
    feet: Floats
    knees: Floats
    arms: Floats
    hands: Floats = field(default_factory=lambda: np.zeros((1, 2, 3)))
    reach: Floats = field(default_factory=lambda: np.zeros((1, 2)))


def solve(build: Build, motion: Motion) -> Floats:
    """Return all joints of a moving body.

    Args:
        build: lengths of its bones, kept to rounding whatever the motion asks for.
        motion: T frames.

    Returns:
        [T, 25, 3] metres, in the order of `JOINTS`.
    """
    out = np.empty((len(motion.pelvis), len(JOINTS), 3))
    out[:, INDEX["pelvis"]] = motion.pelvis
    waist = motion.pelvis + build.lumbar * motion.hips[:, :, 2]
    neck = waist + build.thorax * motion.chest[:, :, 2]
    out[:, INDEX["waist"]], out[:, INDEX["neck"]] = waist, neck
    face = np.array(list(_FACE.values())) * build.head / 0.182
    out[:, [INDEX[name] for name in _FACE]] = neck[:, None] + face @ motion.head.swapaxes(1, 2)
    hips = motion.pelvis[:, None] + build.half_hips * SIDES[:, None] * motion.hips[:, None, :, 1]
    shoulders = neck[:, None] + build.half_shoulders * SIDES[:, None] * motion.chest[:, None, :, 1]
    _put(out, "hip", hips)
    _put(out, "shoulder", shoulders)
    _solve_legs(build, motion, hips, out)
    _solve_arms(build, motion, shoulders, out)
    return out


def lift_off_floor(build: Build, ankles: Floats, feet: Floats) -> Floats:
    """Raise ankles [..., 3] so far that neither heel nor toe of feet [..., 3, 3] is under the floor."""
    heel = feet[..., 2, 0] * -build.heel_back - feet[..., 2, 2] * build.ankle_height
    toe = feet[..., 2, 0] * build.toe_front - feet[..., 2, 2] * build.ankle_height
    raised = ankles.copy()
    raised[..., 2] = np.maximum(ankles[..., 2], -np.minimum(np.minimum(heel, toe), -0.03))
    return raised


def _put(out: Floats, joint: str, values: Floats) -> None:
    out[:, [INDEX[f"left_{joint}"], INDEX[f"right_{joint}"]]] = values


def _solve_legs(build: Build, motion: Motion, hips: Floats, out: Floats) -> None:
    targets = lift_off_floor(build, motion.ankles, motion.feet)
    knees, ankles = _two_bones(hips, targets, motion.knees, build.thigh, build.shank)
    _put(out, "knee", knees)
    _put(out, "ankle", ankles)
    down = build.ankle_height * motion.feet[..., 2]
    _put(out, "heel", ankles - down - build.heel_back * motion.feet[..., 0])
    _put(out, "toe", ankles - down + build.toe_front * motion.feet[..., 0])


def _solve_arms(build: Build, motion: Motion, shoulders: Floats, out: Floats) -> None:
    flexion, abduction, elbow, inward = np.moveaxis(motion.arms, -1, 0)
    chest = motion.chest[:, None]
    upper = apply(chest, build.upper_arm * _hanging(flexion, abduction))
    hanging = upper + apply(chest, build.forearm * _hanging(flexion + elbow, abduction - inward))
    reach = motion.reach[..., None]
    wrists = shoulders + hanging + reach * (motion.hands - shoulders - hanging)
    wrists[..., 2] = np.maximum(wrists[..., 2], WRIST_CLEARANCE)
    # A straight arm leaves the side to which the elbow bends open: then it bends to the back, and outwards.
    back = apply(chest, np.stack([-np.ones(2), 0.6 * SIDES, -0.4 * np.ones(2)], axis=-1))
    elbows, wrists = _two_bones(
        shoulders, wrists, upper - 0.5 * hanging + (0.01 + 0.1 * reach) * back, build.upper_arm, build.forearm
    )
    _put(out, "elbow", elbows)
    _put(out, "wrist", wrists)


def _hanging(forward: Floats, outward: Floats) -> Floats:
    """Return directions [T, 2, 3] of an arm's bone, swung from straight down to the front and to the outside."""
    level = np.cos(outward)
    return np.stack([np.sin(forward) * level, np.sin(outward) * SIDES, -np.cos(forward) * level], axis=-1)


def _two_bones(root: Floats, target: Floats, pole: Floats, first: float, second: float) -> tuple[Floats, Floats]:
    """Return middle and end joint of a two-bone limb, by the law of cosines; all points and directions [T, 2, 3]."""
    line = target - root
    along = unit(line)
    reach = np.clip(length(line), abs(first - second) + 0.12, 0.9995 * (first + second))
    foot = (first * first - second * second + reach * reach) / (2 * reach)
    height = np.sqrt(np.maximum(first * first - foot * foot, 0))
    centre = root + foot * along
    side = unit(pole - _dot(pole, along) * along)
    low = centre[..., 2] + height[..., 0] * side[..., 2] < BEND_CLEARANCE
    if low.any():
        side[low] = _turn_up(side[low], along[low], (BEND_CLEARANCE - centre[low][:, 2:]) / height[low])
    return centre + height * side, root + reach * along


def _turn_up(side: Floats, along: Floats, rise: Floats) -> Floats:
    """Turn directions `side` [N, 3] about `along` until they rise by `rise` [N, 1], or as far as they can."""
    up = unit(np.array([0.0, 0.0, 1.0]) - along[:, 2:] * along)
    share = np.clip(rise / up[:, 2:], -1, 1)
    level = side - _dot(side, up) * up
    level /= np.maximum(length(level), 1e-9)
    return share * up + np.sqrt(1 - share * share) * level


def _dot(a: Floats, b: Floats) -> Floats:
    product: Floats = np.einsum("...i,...i->...", a, b)[..., None]
    return product
