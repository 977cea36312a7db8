"""Joint by joint: how many are where they should be (PCK), which sides are exchanged, what is missing.

PCK is the share of joints within a fraction of some length of the person: PCKh of half of the head (Andriluka et al.,
CVPR 2014), PCK of the torso (Sapp and Taskar, MODEC, CVPR 2013) or of the box (Yang and Ramanan, CVPR 2011).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pose.errors import DataError
from pose.evaluation.annotations import HIDDEN, VISIBLE, Annotated, Picture
from pose.evaluation.results import Results
from pose.found import Poses
from pose.oks import get_sigmas, oks
from pose.skeletons import get_skeleton
from pose.tracks import overlaps

Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_ALIKE = 0.25  # mean of OKS and overlap of the boxes from which a found person is the annotated one
_LAYOUT = get_skeleton("coco17")
SIDES = tuple((left, right) for left, right in enumerate(_LAYOUT.mirror) if left < right)
"""Indices of the left and the right joint of each of the 8 pairs."""


class Reference(NamedTuple):
    """Which length PCK goes by.

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

    def radii(self, people: Annotated) -> Floats:
        """How far off a joint of each person may be, `[N]` pixels; NaN where the length is not annotated."""
        radii: Floats = self.fraction * _LENGTHS[self.kind](people)
        return radii


def _torso(people: Annotated) -> Floats:
    shoulder, hip = _LAYOUT.find("left_shoulder", "right_hip")
    lengths = np.linalg.norm(people.keypoints[:, shoulder] - people.keypoints[:, hip], axis=1)
    whole = (people.visible[:, [shoulder, hip]] > 0).all(axis=1)
    return np.where(whole, lengths, np.nan)


def _longer_side(people: Annotated) -> Floats:
    sides: Floats = (people.boxes[:, 2:] - people.boxes[:, :2]).max(axis=1)
    return sides


_LENGTHS: dict[str, Callable[[Annotated], Floats]] = {
    "head": lambda people: people.heads,
    "torso": _torso,
    "box": _longer_side,
}
_FRACTIONS = {"head": 0.5, "torso": 0.2, "box": 0.1}


def choose_reference(pictures: Sequence[Picture], kind: str, fraction: float | None) -> Reference:
    """What PCK goes by.

    Args:
        pictures: what is annotated.
        kind: "head", "torso", "box", or "auto": the head where everybody's is annotated, else the torso.
        fraction: of the length; None for the usual one: 0.5 of the head, 0.2 of the torso, 0.1 of the box.

    Raises:
        DataError: there is no such length, or nobody's is annotated.
    """
    heads = np.concatenate([picture.people.heads[picture.people.asked] for picture in pictures])
    chosen = ("head" if np.isfinite(heads).all() else "torso") if kind == "auto" else kind
    if chosen not in _LENGTHS:
        raise DataError(f"pck={kind}: use auto, {', '.join(_LENGTHS)}")
    reference = Reference(chosen, fraction or _FRACTIONS[chosen])
    if not any(np.isfinite(reference.radii(picture.people)).any() for picture in pictures):
        raise DataError(f"pck={chosen}: nobody's is annotated; use pck=box")
    return reference


@dataclass(frozen=True, eq=False, slots=True)
class JointCounts:
    """Counts in each of P pictures, which may be added up.

    Args:
        people: `[P]` who is to be found.
        unfound: `[P]` of them those whom nobody found.
        unmeasured: `[P]` of them those without the length that PCK goes by; they count for `missed` only.
        visible: `[P, 17]` joints that are seen.
        missed: `[P, 17]` of those, the ones of people whom nobody found, or that score too little.
        measured: `[P, 17]` joints that are seen, of people who are measured.
        correct: `[P, 17]` of those, the ones that are close enough, whatever their score.
        hidden: `[P, 17]` joints that are annotated and not seen, of people who are measured.
        hidden_correct: `[P, 17]` of those, the ones that are close enough.
        pairs: `[P, 8]` left and right both seen, of people who are measured and found.
        swapped: `[P, 8]` of those, both close enough once left and right are exchanged, and not before.
    """

    people: Ints
    unfound: Ints
    unmeasured: Ints
    visible: Ints
    missed: Ints
    measured: Ints
    correct: Ints
    hidden: Ints
    hidden_correct: Ints
    pairs: Ints
    swapped: Ints

    def rates(self, pictures: Bools | slice = slice(None)) -> dict[str, float]:
        """`PCK`, `PCK_hidden`, `swapped`, `missed` and `unfound` over some pictures: shares 0..1, NaN of nothing."""
        return {
            "PCK": _share(self.correct[pictures], self.measured[pictures]),
            "PCK_hidden": _share(self.hidden_correct[pictures], self.hidden[pictures]),
            "swapped": _share(self.swapped[pictures], self.pairs[pictures]),
            "missed": _share(self.missed[pictures], self.visible[pictures]),
            "unfound": _share(self.unfound[pictures], self.people[pictures]),
        }

    def pck(self) -> dict[str, float]:
        """PCK of each joint over all pictures, NaN where none is seen."""
        columns = zip(_LAYOUT.joints, self.correct.T, self.measured.T, strict=True)
        return {name: _share(correct, measured) for name, correct, measured in columns}


def _share(part: Ints, whole: Ints) -> float:
    total = int(whole.sum())
    return int(part.sum()) / total if total else np.nan


def count_joints(pictures: Sequence[Picture], results: Results, reference: Reference, min_score: float) -> JointCounts:
    """Compares what was found with what is annotated, picture by picture.

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
    return JointCounts(*(np.array(column, np.int64) for column in zip(*rows, strict=True)))


def _count(
    people: Annotated, poses: Poses, ranks: Floats, reference: Reference, min_score: float
) -> tuple[int | Ints, ...]:
    """One picture's counts, in the order of `JointCounts`."""
    asked = people.asked
    chosen = pair(people, poses, ranks)
    there = chosen >= 0
    keypoints = np.full((len(people), 17, 2), np.nan)
    scores = np.zeros((len(people), 17))
    keypoints[there], scores[there] = poses.keypoints[chosen[there]], poses.scores[chosen[there]]
    radii = reference.radii(people)
    measured = asked & np.isfinite(radii)
    seen, hidden = people.visible == VISIBLE, people.visible == HIDDEN
    near = _within(keypoints, people.keypoints, radii)
    exchanged = _within(keypoints[:, list(_LAYOUT.mirror)], people.keypoints, radii)
    left, right = np.array(SIDES).T
    pairs = (seen[:, left] & seen[:, right]) & (measured & there)[:, None]
    swapped = pairs & exchanged[:, left] & exchanged[:, right] & ~(near[:, left] & near[:, right])
    lost = ~(scores >= max(min_score, np.finfo(np.float64).tiny))
    of_measured, of_asked = measured[:, None], asked[:, None]
    counts = (
        seen & of_asked,
        seen & of_asked & lost,
        seen & of_measured,
        seen & of_measured & near,
        hidden & of_measured,
        hidden & of_measured & near,
        pairs,
        swapped,
    )
    totals = (int(asked.sum()), int((asked & ~there).sum()), int((asked & ~measured).sum()))
    return (*totals, *(count.sum(axis=0) for count in counts))


def _within(found: Floats, truth: Floats, radii: Floats) -> Bools:
    """Which joints `[N, 17]` are within each person's radius; what is not a number is not."""
    close: Bools = np.linalg.norm(found - truth, axis=-1) <= radii[:, None]
    return close


def pair(people: Annotated, poses: Poses, ranks: Floats) -> Ints:
    """Which of those who were found each annotated person is, `[N]`, -1 for nobody.

    As in COCO's evaluation the surest takes first, of the annotated people who are left the most similar one:
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
    similar[~people.asked] = 0
    for one in np.argsort(-ranks, kind="stable"):
        best = int(np.argmax(np.where(chosen < 0, similar[:, one], -1)))
        if chosen[best] < 0 and similar[best, one] >= _ALIKE:
            chosen[best] = one
    return chosen
