"""Metrics by joint: the share within a distance of the truth (PCK), swapped sides, missed joints.

PCK is the share of joints within a fraction of some length of the person: PCKh of half of the head (Andriluka et al.,
CVPR 2014), PCK of the torso (Sapp and Taskar, MODEC, CVPR 2013) or of the box (Yang and Ramanan, CVPR 2011).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pose.boxes import overlaps
from pose.errors import DataError
from pose.evaluation.annotations import HIDDEN, VISIBLE, AnnotatedPeople, Picture
from pose.evaluation.results import Results
from pose.interfaces import Bools, Floats, Ints, Poses
from pose.oks import get_sigmas, oks
from pose.skeletons import get_skeleton

_ALIKE = 0.25  # mean of OKS and overlap of the boxes from which a found person is the annotated one
_LAYOUT = get_skeleton("coco17")
SIDES = tuple((left, right) for left, right in enumerate(_LAYOUT.mirror) if left < right)
"""Indices of the left and the right joint of each of the 8 pairs."""


class Reference(NamedTuple):
    """The reference length of PCK.

    Attributes:
        kind: "head" (from head top to neck), "torso" (from left shoulder to right hip) or "box" (its longer side).
        fraction: of it, above 0.
    """

    kind: str
    fraction: float

    @property
    def label(self) -> str:
        """As the field writes it: PCKh@0.5, PCK@0.2 (torso)."""
        return f"PCKh@{self.fraction:g}" if self.kind == "head" else f"PCK@{self.fraction:g} ({self.kind})"

    def radii(self, people: AnnotatedPeople) -> Floats:
        """Return the largest distance of a correct joint of each person, `[N]` pixels; NaN where not annotated."""
        return self.fraction * _LENGTHS[self.kind](people)


def _torso(people: AnnotatedPeople) -> Floats:
    shoulder, hip = _LAYOUT.find("left_shoulder", "right_hip")
    lengths = np.linalg.norm(people.keypoints[:, shoulder] - people.keypoints[:, hip], axis=1)
    annotated = (people.visible[:, [shoulder, hip]] > 0).all(axis=1)
    return np.where(annotated, lengths, np.nan)


def _longer_side(people: AnnotatedPeople) -> Floats:
    sides: Floats = (people.boxes[:, 2:] - people.boxes[:, :2]).max(axis=1)
    return sides


_LENGTHS: dict[str, Callable[[AnnotatedPeople], Floats]] = {
    "head": lambda people: people.heads,
    "torso": _torso,
    "box": _longer_side,
}
_FRACTIONS = {"head": 0.5, "torso": 0.2, "box": 0.1}


def choose_reference(pictures: Sequence[Picture], kind: str, fraction: float | None) -> Reference:
    """Return the reference length of PCK.

    Args:
        pictures: what is annotated.
        kind: "head", "torso", "box", or "auto": the head where everybody's is annotated, else the torso.
        fraction: of the length; None for the usual one: 0.5 of the head, 0.2 of the torso, 0.1 of the box.

    Raises:
        DataError: there is no such length, or nobody's is annotated.
    """
    heads = np.concatenate([picture.people.heads[picture.people.evaluated] for picture in pictures])
    chosen = ("head" if np.isfinite(heads).all() else "torso") if kind == "auto" else kind
    if chosen not in _LENGTHS:
        raise DataError(f"pck={kind}: use auto, {', '.join(_LENGTHS)}")
    reference = Reference(chosen, fraction or _FRACTIONS[chosen])
    if not any(np.isfinite(reference.radii(picture.people)).any() for picture in pictures):
        raise DataError(f"pck={chosen}: nobody's is annotated; use pck=box")
    return reference


@dataclass(frozen=True, eq=False, slots=True)
class JointCounts:
    """Results for the joints of N annotated people.

    Args:
        actions: `[N]` what they do, "" where that is not known.
        found: `[N]` whether anybody found them.
        measured: `[N]` whether the length that PCK goes by is annotated; the others count for `missed` only.
        visible: `[N, 17]` joints that are seen.
        hidden: `[N, 17]` joints that are annotated and not seen.
        missed: `[N, 17]` joints that score too little, or all joints of a person who was not found.
        near: `[N, 17]` joints that are close enough, whatever their score.
        swapped: `[N, 8]` pairs that are both close enough once left and right are exchanged, and not before.
    """

    actions: npt.NDArray[np.str_]
    found: Bools
    measured: Bools
    visible: Bools
    hidden: Bools
    missed: Bools
    near: Bools
    swapped: Bools

    def of_action(self, action: str) -> JointCounts:
        """Return the rows of one action."""
        rows = self.actions == action
        return JointCounts(*(getattr(self, field.name)[rows] for field in fields(self)))

    def rates(self) -> dict[str, float]:
        """Return `PCK`, `PCK_hidden`, `swapped`, `missed` and `unfound`: shares 0..1, NaN of nothing.

        PCK goes over the joints that are seen of people who are measured, those whom nobody found among them; swapped
        over the pairs that are both seen, of people who are measured and found; missed over all joints that are seen.
        """
        measured, (left, right) = self.measured[:, None], np.array(SIDES).T
        pairs = self.visible[:, left] & self.visible[:, right] & measured & self.found[:, None]
        return {
            "PCK": _share(self.near, self.visible & measured),
            "PCK_hidden": _share(self.near, self.hidden & measured),
            "swapped": _share(self.swapped, pairs),
            "missed": _share(self.missed, self.visible),
            "unfound": _share(~self.found, np.ones_like(self.found)),
        }

    def pck(self) -> dict[str, float]:
        """Return the PCK of each joint, NaN where none is visible."""
        seen = self.visible & self.measured[:, None]
        return {name: _share(self.near[:, joint], seen[:, joint]) for joint, name in enumerate(_LAYOUT.joints)}


def _share(part: Bools, counted: Bools) -> float:
    total = int(counted.sum())
    return int((part & counted).sum()) / total if total else np.nan


def count_joints(pictures: Sequence[Picture], results: Results, reference: Reference, min_score: float) -> JointCounts:
    """Compare results with annotations, joint by joint.

    Args:
        pictures: what is annotated.
        results: what was found, in the same order.
        reference: what PCK goes by.
        min_score: 0..1 below which a joint counts as missed.
    """
    rows = [
        _count(picture.people, poses, ranks, reference, min_score)
        for picture, poses, ranks in zip(pictures, results.poses, results.ranks, strict=True)
    ]
    return JointCounts(*(np.concatenate([getattr(row, f.name) for row in rows]) for f in fields(JointCounts)))


def _count(people: AnnotatedPeople, poses: Poses, ranks: Floats, reference: Reference, min_score: float) -> JointCounts:
    """Count the joints of the people of one picture."""
    chosen = pair(people, poses, ranks)
    found = chosen >= 0
    keypoints = np.full((len(people), 17, 2), np.nan)
    scores = np.zeros((len(people), 17))
    keypoints[found], scores[found] = poses.keypoints[chosen[found]], poses.scores[chosen[found]]
    radii = reference.radii(people)
    near = _within(keypoints, people.keypoints, radii)
    exchanged = _within(keypoints[:, list(_LAYOUT.mirror)], people.keypoints, radii)
    left, right = np.array(SIDES).T
    everybody = JointCounts(
        actions=np.array(people.actions, np.str_).reshape(len(people)),
        found=found,
        measured=np.isfinite(radii),
        visible=people.visible == VISIBLE,
        hidden=people.visible == HIDDEN,
        missed=~(scores >= max(min_score, np.finfo(np.float64).tiny)),
        near=near,
        swapped=exchanged[:, left] & exchanged[:, right] & ~(near[:, left] & near[:, right]),
    )
    return JointCounts(*(getattr(everybody, field.name)[people.evaluated] for field in fields(everybody)))


def _within(found: Floats, truth: Floats, radii: Floats) -> Bools:
    """Return which joints `[N, 17]` are within each person's radius; NaN never is."""
    close: Bools = np.linalg.norm(found - truth, axis=-1) <= radii[:, None]
    return close


def pair(people: AnnotatedPeople, poses: Poses, ranks: Floats) -> Ints:
    """Return the index of the result that is matched to each annotated person, `[N]`, -1 for none.

    As in COCO's evaluation the best-ranked takes first, of the remaining annotated people the most similar one:
    the mean of OKS and the overlap of the boxes, at least 0.25, so that a person whose joints are all wrong is still
    that person if the box is right.
    """
    chosen = np.full(len(people), -1)
    if not len(poses) or not len(people):
        return chosen
    likeness = oks(
        people.keypoints,
        poses.keypoints,
        people.areas[:, None],
        np.array(get_sigmas("coco17")),
        people.visible[:, None] > 0,
    )
    similar = (likeness + overlaps(people.boxes, poses.boxes.xyxy)) / 2
    similar[~people.evaluated] = 0
    for one in np.argsort(-ranks, kind="stable"):
        best = int(np.argmax(np.where(chosen < 0, similar[:, one], -1)))
        if chosen[best] < 0 and similar[best, one] >= _ALIKE:
            chosen[best] = one
    return chosen
