"""Bodies with volume: tapered capsules around the joints of simulated people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pose.simulator.motion.kinematics import INDEX, JOINTS
from pose.simulator.motion.rotations import Floats

STATURE = 1.7
"""Metres of the body that the radii are given for; the head's length gives the scale of others."""
HEAD = 0.182
"""Neck's base to head top as a fraction of stature, as in `pose.simulator.motion.kinematics`."""


class BodyPart(NamedTuple):
    """One tapered capsule.

    Args:
        name: what it is, "left_thigh".
        piece: of which piece of clothing or skin, a key of an outfit's colours.
        start: where its axis begins, a sum of joints times weights.
        end: where it ends.
        radii: metres at its start and end, for a body of `STATURE`.
        grows: whether it is thicker in a stouter person.
    """

    name: str
    piece: str
    start: dict[str, float]
    end: dict[str, float]
    radii: tuple[float, float]
    grows: bool = True


# Half breadths and depths are about those of NASA-STD-3000 vol. I, fig. 3.3.1.3-1 (40-year-old American male, 50th
# percentile): chest 0.33 x 0.25, hips 0.37 x 0.25, thigh circumference 0.60, calf 0.38, upper arm 0.33, wrist 0.18 m.


def _flank(side: str, other: str) -> dict[str, float]:
    return {"waist": 0.25, "neck": 0.75, f"{side}_shoulder": 0.2, f"{other}_shoulder": -0.2}


_TRUNK = (
    BodyPart(
        "hips",
        "trunk_low",
        {"left_hip": 0.74, "right_hip": 0.26},
        {"left_hip": 0.26, "right_hip": 0.74},
        (0.107, 0.107),
    ),
    BodyPart("left_flank", "shirt", _flank("left", "right"), {"left_hip": 0.68, "right_hip": 0.32}, (0.112, 0.1)),
    BodyPart("right_flank", "shirt", _flank("right", "left"), {"right_hip": 0.68, "left_hip": 0.32}, (0.112, 0.1)),
    BodyPart("core", "shirt", {"pelvis": 0.7, "waist": 0.3}, {"waist": 0.15, "neck": 0.85}, (0.115, 0.11)),
    BodyPart(
        "shoulders",
        "shirt",
        {"left_shoulder": 0.82, "right_shoulder": 0.12, "waist": 0.06},
        {"left_shoulder": 0.12, "right_shoulder": 0.82, "waist": 0.06},
        (0.068, 0.068),
    ),
)


def _eye(side: str) -> dict[str, float]:
    """Return weights of a point on the skull's surface, under which the joint lies."""
    return {f"{side}_eye": 1.35, "left_ear": -0.175, "right_ear": -0.175}


_HEAD = (
    BodyPart("neck", "skin", {"neck": 1}, {"neck": 0.4, "left_ear": 0.3, "right_ear": 0.3}, (0.06, 0.056)),
    BodyPart(
        "skull",
        "skin",
        {"left_ear": 0.435, "right_ear": 0.435, "nose": 0.25, "head_top": -0.12},
        {"left_ear": 0.22, "right_ear": 0.22, "nose": 0.25, "head_top": 0.31},
        (0.07, 0.082),
        False,
    ),
    BodyPart(
        "hair",
        "hair",
        {"left_ear": 0.615, "right_ear": 0.615, "nose": -0.3, "head_top": 0.07},
        {"left_ear": 0.45, "right_ear": 0.45, "nose": -0.22, "head_top": 0.32},
        (0.086, 0.09),
        False,
    ),
    BodyPart("nose", "skin", {"nose": 1}, {"nose": 0.9, "head_top": 0.1}, (0.017, 0.012), False),
    BodyPart("left_eye", "eyes", _eye("left"), _eye("left"), (0.013, 0.013), False),
    BodyPart("right_eye", "eyes", _eye("right"), _eye("right"), (0.013, 0.013), False),
    BodyPart("left_ear", "skin", {"left_ear": 1.15, "right_ear": -0.15}, {"left_ear": 1}, (0.02, 0.02), False),
    BodyPart("right_ear", "skin", {"right_ear": 1.15, "left_ear": -0.15}, {"right_ear": 1}, (0.02, 0.02), False),
)


def _limbs(side: str) -> tuple[BodyPart, ...]:
    def at(joint: str) -> str:
        return f"{side}_{joint}"

    shoulder, elbow, wrist = at("shoulder"), at("elbow"), at("wrist")
    hip, knee, ankle, heel, toe = at("hip"), at("knee"), at("ankle"), at("heel"), at("toe")
    return (
        BodyPart(at("upper_arm"), at("sleeve"), {shoulder: 1}, {elbow: 1}, (0.06, 0.046)),
        BodyPart(at("forearm"), at("cuff"), {elbow: 1}, {wrist: 1}, (0.046, 0.036)),
        BodyPart(at("hand"), at("hand"), {wrist: 1}, {wrist: 1.38, elbow: -0.38}, (0.038, 0.036), False),
        BodyPart(at("thigh"), at("trouser"), {hip: 1}, {knee: 1}, (0.09, 0.062)),
        BodyPart(at("shank"), at("trouser_leg"), {knee: 1}, {ankle: 1}, (0.06, 0.046)),
        BodyPart(at("foot"), at("shoe"), {heel: 0.65, ankle: 0.35}, {toe: 0.8, ankle: 0.2}, (0.05, 0.038), False),
    )


PARTS = (*_TRUNK, *_HEAD, *_limbs("left"), *_limbs("right"))


def _weights(which: str) -> Floats:
    matrix = np.zeros((len(PARTS), len(JOINTS)))
    for row, part in zip(matrix, PARTS, strict=True):
        for joint, weight in getattr(part, which).items():
            row[INDEX[joint]] = weight
    return matrix


_STARTS, _ENDS = _weights("start"), _weights("end")
_RADII = np.array([part.radii for part in PARTS])
_GROWS = np.array([part.grows for part in PARTS])

# How deep a joint lies under the flesh of its own parts, in metres: what is nearer to the camera by more hides it.
_DEPTH_OF = {"shoulder": 0.1, "hip": 0.16, "knee": 0.075, "elbow": 0.06, "wrist": 0.055, "ankle": 0.07}
JOINT_DEPTHS = np.array([_DEPTH_OF.get(name.split("_")[-1], 0.04) for name in JOINTS[:17]])


@dataclass(frozen=True, eq=False, slots=True)
class Body:
    """A body in T frames.

    Args:
        joints: `[T, 25, 3]` metres, in the order of `pose.simulator.motion.kinematics.JOINTS`.
        starts: `[T, P, 3]` metres, where the axes of its `PARTS` begin.
        ends: `[T, P, 3]` metres.
        radii: `[P, 2]` metres.
        depths: `[17]` metres of flesh above each joint.
    """

    joints: Floats
    starts: Floats
    ends: Floats
    radii: Floats
    depths: Floats

    def __len__(self) -> int:
        return len(self.joints)


def make_body(joints: Floats, girth: float = 1.0) -> Body:
    """Return the body around the joints of one person.

    Args:
        joints: `[T, 25, 3]` metres.
        girth: how stout, 1 for the average.
    """
    head = joints[0, INDEX["head_top"]] - joints[0, INDEX["neck"]]
    scale = float(np.linalg.norm(head)) / (HEAD * STATURE)
    radii = _RADII * scale * np.where(_GROWS, girth, 1.0)[:, None]
    return Body(joints, _STARTS @ joints, _ENDS @ joints, radii, JOINT_DEPTHS * scale * max(girth, 1.0))
