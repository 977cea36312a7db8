"""Skeletons drawn over pictures: one picture an action, one column for each estimator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pose.drawing import add_legend, draw_people
from pose.evaluation.annotations import VISIBLE, AnnotatedPeople, Picture
from pose.interfaces import Floats, Image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARGIN = 0.2  # around the person, as a share of the size
_COLUMN = 3.2  # inches


class Chosen(NamedTuple):
    """An annotated person to draw.

    Attributes:
        picture: its number.
        person: number of the person in it.
    """

    picture: int
    person: int


def choose_pictures(pictures: Sequence[Picture]) -> dict[str, Chosen]:
    """Choose one person for each action, and for "" one of unknown action.

    It is the person of whom most joints are seen, of those the largest, and of those the first.
    """
    best: dict[str, tuple[tuple[int, float], Chosen]] = {}
    for number, picture in enumerate(pictures):
        people = picture.people
        for person in np.flatnonzero(people.evaluated).tolist():
            value = (int((people.visible[person] == VISIBLE).sum()), float(people.areas[person]))
            action = people.actions[person]
            if action not in best or value > best[action][0]:
                best[action] = (value, Chosen(number, person))
    return {action: chosen for action, (_, chosen) in sorted(best.items())}


def draw_columns(
    image: Image,
    people: AnnotatedPeople,
    person: int,
    columns: Mapping[str, tuple[Floats, Floats]],
    title: str,
    min_score: float,
) -> Figure:
    """Draw one picture several times side by side, with the results of each estimator.

    Args:
        image: `[H, W, 3]`; blue, green, red.
        people: who is annotated; they are the first column.
        person: number of the one around whom the picture is cut out.
        columns: by their titles key points `[N, 17, 2]` and scores `[N, 17]`.
        title: above all.
        min_score: 0..1 below which a joint is not drawn.
    """
    from matplotlib.figure import Figure

    window = _window(people.boxes[person], image.shape)
    drawn = {
        "annotated": (people.keypoints, people.visible > 0, 0.5),
        **{n: (*c, min_score) for n, c in columns.items()},
    }
    height = _COLUMN * (window[3] - window[1]) / (window[2] - window[0])
    figure = Figure(figsize=(_COLUMN * len(drawn), height + 0.9), dpi=130, layout="constrained")
    axes = figure.subplots(1, len(drawn), squeeze=False)[0]
    thickness = float(np.clip(height / 2, 1.2, 3))
    for axis, (name, (keypoints, scores, least)) in zip(axes, drawn.items(), strict=True):
        sure = (np.asarray(scores, np.float64) >= max(least, 1e-9)) & np.isfinite(keypoints).all(axis=-1)
        draw_people(axis, image, window, keypoints, sure, thickness)
        axis.set_title(name, fontsize=11)
        if not sure.any():
            axis.set_xlabel(f"no joint scores {least:g}" if len(sure) else "nobody found", fontsize=9)
    figure.suptitle(title, fontsize=12)
    add_legend(figure)
    return figure


def _window(box: Floats, shape: Sequence[int]) -> Floats:
    """Return the part of the picture to draw: the person's box with a margin, at most 1.6 times as long as wide."""
    low, high = box[:2], box[2:]
    middle, size = (low + high) / 2, (high - low) * (1 + 2 * _MARGIN)
    size = np.maximum(size, size[::-1] / 1.6)
    limit = np.array([shape[1], shape[0]], np.float64)
    size = np.minimum(size, limit)
    low = np.clip(middle - size / 2, 0, limit - size)
    return np.concatenate([low, low + size])
