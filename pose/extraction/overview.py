"""An overview figure: the people found, drawn over one frame each of some videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pose.drawing import add_legend, draw_people
from pose.extraction.run import VideoOutcome
from pose.extraction.store import KeypointStore, VideoDetections
from pose.interfaces import Floats, Image, Poses
from pose.video.footage import BrokenFootageError, open_footage

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NEAR = 600  # frames from the beginning that one is chosen from: it has to be decoded again
_COLUMNS = 3


@dataclass(frozen=True, eq=False)
class Shown:
    """One frame and the people found in it.

    Args:
        title: which video and frame.
        image: `[H, W, 3]`; blue, green, red.
        poses: of COCO's joints.
    """

    title: str
    image: Image
    poses: Poses


def draw_overview(
    outcomes: Sequence[VideoOutcome], store: KeypointStore, fps: float, most: int = 9, min_score: float = 0.3
) -> Figure | None:
    """Draw one frame each of at most so many videos, evenly taken from all of them.

    Args:
        outcomes: of an extraction.
        store: what was found is in it.
        fps: frames a second of folders of pictures.
        most: videos.
        min_score: 0..1 below which a joint is not drawn.

    Returns:
        None where nobody was found in any, or the joints are not COCO's.
    """
    complete = [outcome for outcome in outcomes if outcome.row is not None and outcome.row["people"]]
    chosen = (
        [complete[i] for i in np.unique(np.linspace(0, len(complete) - 1, most).round().astype(int))]
        if complete
        else []
    )
    shown = [frame for outcome in chosen if (frame := _show(outcome, store, fps)) is not None]
    return _draw(shown, min_score) if shown else None


def _show(outcome: VideoOutcome, store: KeypointStore, fps: float) -> Shown | None:
    found = store.read(outcome.footage.video)
    number = _choose_frame(found)
    if number is None or found.skeleton != "coco17":
        return None
    try:
        image = next(open_footage(outcome.footage.path, fps).frames(number), None)
    except BrokenFootageError:
        image = None
    if image is None:  # it is gone by now
        return None
    rows = slice(*np.searchsorted(found.people.frames, [number, number + 1]))
    return Shown(f"{outcome.footage.name}, frame {number}", image, found.people.in_frame(rows))


def _choose_frame(found: VideoDetections) -> int | None:
    """Return the middle one of the frames with people, not far from the beginning; None where there is none."""
    seen = np.unique(found.people.frames[found.people.frames < _NEAR])
    return int(seen[len(seen) // 2]) if len(seen) else None


def _window(one: Shown) -> Floats:
    """Return the part of a frame to draw: everybody with a margin, in the frame's own shape, at least 0.4 of it."""
    size = np.array(one.image.shape[1::-1], np.float64)
    low, high = one.poses.boxes.xyxy[:, :2].min(axis=0), one.poses.boxes.xyxy[:, 2:].max(axis=0)
    share = float(np.clip(((high - low) * 1.5 / size).max(), 0.4, 1))
    corner = np.clip((low + high) / 2 - share * size / 2, 0, (1 - share) * size)
    return np.concatenate([corner, corner + share * size])


def _draw(shown: Sequence[Shown], min_score: float) -> Figure:
    from matplotlib.figure import Figure

    columns = min(_COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    height, width = shown[0].image.shape[:2]
    figure = Figure(figsize=(5 * columns, (5 * height / width + 0.3) * rows + 0.4), dpi=110, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis, one in zip(axes, shown, strict=False):
        draw_people(axis, one.image, _window(one), one.poses.keypoints, one.poses.scores >= min_score, 1.2)
        axis.set_title(one.title, fontsize=9)
    for axis in axes[len(shown) :]:
        axis.set_axis_off()
    add_legend(figure)
    return figure
