"""Skeletons drawn over pictures: the person's left and right in colours that everybody can distinguish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pose.interfaces import Bools, Floats, Image
from pose.skeletons import get_skeleton

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Distinguished also by those who see no red or no green, on light and on dark (Okabe and Ito, 2008).
COLOURS = {"left": "#56b4e9", "right": "#e69f00", "middle": "#ffffff"}
_LAYOUT = get_skeleton("coco17")


def draw_pose(axis: Any, pose: Floats, drawn: Bools, thickness: float) -> None:
    """Draw one person's skeleton.

    Args:
        axis: of matplotlib, in the picture's pixels.
        pose: `[17, 2]` pixels, COCO's joints.
        drawn: `[17]` which joints, and the limbs between two of them.
        thickness: of the limbs, points.
    """
    from matplotlib.patheffects import Normal, Stroke

    outline = [Stroke(linewidth=thickness + 1.4, foreground="black"), Normal()]
    for first, second in _LAYOUT.edges:
        if drawn[first] and drawn[second]:
            colour = COLOURS[_side(first) if _side(first) == _side(second) else "middle"]
            ends = pose[[first, second]]
            axis.plot(*ends.T, color=colour, linewidth=thickness, path_effects=outline, solid_capstyle="round")
    for joint in np.flatnonzero(drawn):
        colour = COLOURS[_side(int(joint))]
        axis.plot(
            *pose[joint], "o", color=colour, markersize=1.6 * thickness, markeredgecolor="black", markeredgewidth=0.6
        )


def draw_people(axis: Any, image: Image, window: Floats, poses: Floats, drawn: Bools, thickness: float) -> None:
    """Draw a part of a picture, and people's skeletons over it.

    Args:
        axis: of matplotlib.
        image: `[H, W, 3]`; blue, green, red.
        window: `[4]` x1, y1, x2, y2 of the part.
        poses: `[N, 17, 2]` pixels, COCO's joints.
        drawn: `[N, 17]` which joints.
        thickness: of the limbs, points.
    """
    axis.imshow(image[..., ::-1])
    axis.set(xlim=window[[0, 2]], ylim=window[[3, 1]], xticks=[], yticks=[])
    for pose, joints in zip(poses, drawn, strict=True):
        draw_pose(axis, pose, joints, thickness)


def _side(joint: int) -> str:
    side = _LAYOUT.joints[joint].partition("_")[0]
    return side if side in COLOURS else "middle"


def add_legend(figure: Figure) -> None:
    """Add a legend below a figure that says which colour is which side."""
    from matplotlib.lines import Line2D

    words = {"left": "person's left", "right": "person's right", "middle": "middle"}
    handles = [
        Line2D([], [], color=COLOURS[side], marker="o", markeredgecolor="black", linewidth=3, label=words[side])
        for side in COLOURS
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=9)
