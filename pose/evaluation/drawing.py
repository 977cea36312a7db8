"""Skeletons drawn over pictures: one picture an action, one column for each of those who are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pose.drawing import add_legend, draw_pose
from pose.evaluation.annotations import VISIBLE, Annotated, Picture
from pose.found import Image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.floating]

_MARGIN = 0.15  # around the people, as a share of their size
_COLUMN = 3.2  # inches


def choose_pictures(pictures: Sequence[Picture]) -> dict[str, int]:
    """The number of one picture for each action, or of one for all where no action is known.

    It is the one with the person of whom most joints are seen, of those the largest, and of those the first.
    """
    best: dict[str, tuple[tuple[float, float], int]] = {}
    for number, picture in enumerate(pictures):
        rows = np.flatnonzero(picture.people.asked)
        if not len(rows):
            continue
        seen = (picture.people.visible == VISIBLE).sum(axis=1)
        value = max((float(seen[row]), float(picture.people.areas[row])) for row in rows)
        if picture.action not in best or value > best[picture.action][0]:
            best[picture.action] = (value, number)
    return {action: number for action, (_, number) in sorted(best.items())}


def draw_columns(
    image: Image, people: Annotated, columns: Mapping[str, tuple[Floats, Floats]], title: str, min_score: float
) -> Figure:
    """Draws one picture several times side by side, with what each has found in it.

    Args:
        image: `[H, W, 3]`; blue, green, red.
        people: who is annotated; they are the first column, and what is cut out is around them.
        columns: by their titles key points `[N, 17, 2]` and scores `[N, 17]`.
        title: above all.
        min_score: 0..1 below which a joint is not drawn.
    """
    from matplotlib.figure import Figure

    window = _window(people.boxes[people.asked], image.shape)
    drawn = {
        "annotated": (people.keypoints, people.visible > 0, 0.5),
        **{n: (*c, min_score) for n, c in columns.items()},
    }
    height = _COLUMN * (window[3] - window[1]) / (window[2] - window[0])
    figure = Figure(figsize=(_COLUMN * len(drawn), height + 0.9), dpi=130, layout="constrained")
    axes = figure.subplots(1, len(drawn), squeeze=False)[0]
    thickness = float(np.clip(height / 2, 1.2, 3))
    for axis, (name, (keypoints, scores, least)) in zip(axes, drawn.items(), strict=True):
        axis.imshow(image[..., ::-1])
        axis.set(xlim=(window[0], window[2]), ylim=(window[3], window[1]), xticks=[], yticks=[])
        axis.set_title(name, fontsize=11)
        sure = (np.asarray(scores, np.float64) >= max(least, 1e-9)) & np.isfinite(keypoints).all(axis=-1)
        for pose, drawn_joints in zip(keypoints, sure, strict=True):
            draw_pose(axis, pose, drawn_joints, thickness)
        if not sure.any():
            axis.set_xlabel("nothing found", fontsize=9)
    figure.suptitle(title, fontsize=12)
    add_legend(figure)
    return figure


def _window(boxes: Floats, shape: Sequence[int]) -> tuple[float, float, float, float]:
    """What is shown: all people with a margin, and not much higher or wider than the other way."""
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    middle, size = (low + high) / 2, (high - low) * (1 + 2 * _MARGIN)
    size = np.maximum(size, size[::-1] / 1.6)
    limit = np.array([shape[1], shape[0]], np.float64)
    size = np.minimum(size, limit)
    low = np.clip(middle - size / 2, 0, limit - size)
    return (*map(float, low), *map(float, low + size))  # type: ignore[return-value]
