"""Stratified splits: groups of clips, or windows, drawn so that each side has its share of every class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pose.errors import DataError

Protocol = Literal["window", "clip", "subject", "camera", "predefined"]
Mask = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.float64]

# Orders of the groups that are tried. The first that is as good as the best, within one group, is taken: other seeds
# hold out other people, and none is an unlucky draw. Any order shares many groups out well.
_TRIES = 32
_GROUPS_TRIED = 20_000  # over all orders: a second or so


@dataclass(frozen=True, slots=True)
class Split:
    """How the data is divided; the keys of the group datamodule/split.

    Args:
        protocol: what is never on two sides: `window` a window, `clip` a recording, `subject` a person, `camera` a
            camera; `predefined` takes the splits that the data names.
        test_fraction: of all frames, in (0, 1).
        val_fraction: of the training part, in [0, 1); 0 for no validation.
        seed: of the draw.
        train: name of the split to train on, for `predefined`.
        test: name of the split to test on, for `predefined`.
        val: name of the split to validate on, for `predefined`; without it `val_fraction` of train is drawn.

    Example:
        >>> Split("subject", test_fraction=0.25).val_fraction
        0.15
    """

    protocol: Protocol
    test_fraction: float = 0.2
    val_fraction: float = 0.15
    seed: int = 0
    train: str | None = None
    test: str | None = None
    val: str | None = None


def split_groups(
    groups: Sequence[str], labels: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64], fraction: float, seed: int
) -> Mask:
    """Draw whole groups until each class has `fraction` of its frames among them, as nearly as groups allow.

    Args:
        groups: the group of each item.
        labels: the class of each item.
        sizes: frames of each item.
        fraction: share to draw, in (0, 1).
        seed: other seeds draw other groups.

    Returns:
        `[num_items]`, true for what was drawn. A class that is in at least two groups is on both sides wherever the
        other classes leave that possible.

    Example:
        >>> people, labels = ["ann", "ann", "bob", "bob", "eve", "eve"], np.array([0, 1, 0, 1, 0, 1])
        >>> split_groups(people, labels, sizes=np.full(6, 30), fraction=1 / 3, seed=0)
        array([False, False, False, False,  True,  True])
    """
    names, group_of = np.unique(np.asarray(groups), return_inverse=True)
    _, class_of = np.unique(labels, return_inverse=True)
    counts = np.zeros((len(names), class_of.max() + 1))
    np.add.at(counts, (group_of, class_of), sizes)
    target = fraction * counts.sum(axis=0)
    rng = np.random.default_rng([seed, len(names)])
    tries = min(_TRIES, max(1, _GROUPS_TRIED // len(names)))
    draws = [_draw(counts, target, rng.permutation(len(names))) for _ in range(tries)]
    return np.asarray(_choose(counts, target, draws)[group_of], dtype=np.bool_)


def _choose(counts: Counts, target: npt.NDArray[np.float64], draws: list[Mask]) -> Mask:
    """Return the first draw that misses the fewest classes and is within half a group, in every class, of the best."""
    sums = np.array([counts[draw].sum(axis=0) for draw in draws])
    one_sided = ((sums == 0) | (sums == counts.sum(axis=0))).sum(axis=1)
    complete = one_sided == one_sided.min()
    misses = np.abs(sums - target)
    distances = np.where(complete, np.square(misses / target).sum(axis=1), np.inf)
    allowed = misses[np.argmin(distances)] + counts.max(axis=0) / 2
    return draws[int(np.argmax(complete & (misses <= allowed).all(axis=1)))]


def _draw(counts: Counts, target: npt.NDArray[np.float64], order: npt.NDArray[np.int64]) -> Mask:
    """Take groups in this order, first one for every class, then whatever brings the sums nearer to the target."""
    drawn = np.zeros(len(counts), dtype=np.bool_)
    have = np.zeros_like(target)
    total, rarest_first = counts.sum(axis=0), np.argsort((counts > 0).sum(axis=0), kind="stable")
    for wanted in rarest_first:
        if have[wanted]:
            continue
        holders = [g for g in order if counts[g, wanted] and ((have + counts[g] < total) | (counts[g] == 0)).all()]
        if holders:
            drawn[holders[0]] = True
            have += counts[holders[0]]
    for group in order:
        leaves_some = ((have + counts[group] < total) | (counts[group] == 0)).all()
        if not drawn[group] and leaves_some and _distance(have + counts[group], target) < _distance(have, target):
            drawn[group] = True
            have += counts[group]
    return drawn


def _distance(have: npt.NDArray[np.float64], target: npt.NDArray[np.float64]) -> float:
    """Return the sum over the classes of the squared error relative to the class's target."""
    return float(np.square(have / target - 1).sum())


def split_windows(labels: npt.NDArray[np.integer[Any]], fraction: float, seed: int) -> Mask:
    """Draw `fraction` of the windows of each class at random, to the nearest window, at least one and not all.

    Args:
        labels: the class of each window.
        fraction: share to draw, in (0, 1).
        seed: of the draw.

    Example:
        >>> drawn = split_windows(np.array([0] * 10 + [1] * 5), fraction=0.2, seed=0)
        >>> drawn[:10].sum(), drawn[10:].sum()
        (np.int64(2), np.int64(1))
    """
    rng = np.random.default_rng(seed)
    drawn = np.zeros(len(labels), dtype=np.bool_)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label).astype(np.int32)
        count = int(np.clip(round(fraction * len(members)), min(1, len(members) - 1), max(1, len(members) - 1)))
        rng.shuffle(members)  # in place: a permuted copy would be as many bytes again
        drawn[members[:count]] = True
    return drawn


def keep_windows(labels: npt.NDArray[np.integer[Any]], fraction: float, seed: int) -> Mask:
    """Keep `fraction` of the windows of each class at random, to the nearest window and at least one.

    Args:
        labels: the class of each window.
        fraction: share to keep, in (0, 1]. The windows of a smaller share are among those of a larger one.
        seed: of the draw.

    Example:
        >>> keep_windows(np.array([0, 0, 0, 0, 1]), fraction=0.5, seed=0).sum()
        np.int64(3)
    """
    order = np.random.default_rng(seed).permutation(len(labels))
    kept = np.zeros(len(labels), dtype=np.bool_)
    for label in np.unique(labels):
        members = order[labels[order] == label]
        kept[members[: max(1, round(fraction * len(members)))]] = True
    return kept


def check_classes(drawn: Mask, labels: npt.NDArray[np.integer[Any]], class_names: Sequence[str], unit: str) -> None:
    """Raise DataError where a class is missing on one of the two sides.

    Args:
        drawn: true for the test part.
        labels: the class of each item.
        class_names: names by class index.
        unit: what is never on two sides, for the message.

    Example:
        >>> check_classes(np.array([True, False]), np.array([0, 0]), ["walk"], "clip")
    """
    for label in np.unique(labels):
        sides = set(drawn[labels == label].tolist())
        if len(sides) == 1:
            where = "test" if False in sides else "training"
            raise DataError(
                f"class '{class_names[label]}' has too few {unit}s to be in both parts, none is left for the {where} "
                "part: add data, choose another `split`, or leave the class out by `classes`"
            )
