"""One picture of people in a room, with the truth about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pose.interfaces import Image
from pose.rendering.background import Background
from pose.rendering.bodies import Body
from pose.rendering.clothing import Outfit
from pose.rendering.rasterizer import Canvas, Floats32
from pose.rendering.shadows import cast_shadows
from pose.simulator.motion.kinematics import COCO_JOINTS, INDEX
from pose.simulator.motion.rotations import Floats

HIDDEN_BEHIND = 0.03
"""Metres of something before a joint's own flesh that hide it."""
FEWEST = 4
"""Joints of a person that can be seen, below which the picture is not said to show them."""


class PersonInFrame(NamedTuple):
    """A person to render."""

    body: Body
    outfit: Outfit
    frame: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class Truth:
    """The ground truth of one person in a picture.

    Args:
        keypoints: `[17, 2]` pixels, in the order of coco17.
        visible: `[17]` as COCO has it: 2 seen, 1 hidden (by the own body, somebody, something), 0 out of the picture.
        box: `[4]` x1, y1, x2, y2 of all flesh and clothes, hidden or not, cut off at the picture's edge.
        head_top: `[2]` pixels.
        neck: `[2]` pixels, the neck's base.
        action: what is being done, "" if not known.
    """

    keypoints: Floats
    visible: npt.NDArray[np.int64]
    box: Floats
    head_top: Floats
    neck: Floats
    action: str = ""

    @property
    def head(self) -> float:
        """Pixels from head top to neck."""
        return float(np.linalg.norm(self.head_top - self.neck))

    @property
    def shown(self) -> bool:
        """Whether enough of the person is visible to count."""
        return int((self.visible == 2).sum()) >= FEWEST


def draw_picture(background: Background, figures: Sequence[PersonInFrame]) -> tuple[Image, list[Truth]]:
    """Render people into a room, before the camera's own noise and blur.

    Args:
        background: the room.
        figures: the people, each in one frame.

    Returns:
        The picture `[H, W, 3]`, and the truth about each person, in their order.
    """
    camera = background.camera
    colours = background.colours.copy()
    cast_shadows(colours, background, [figure.body.joints[figure.frame] for figure in figures])
    light = (camera.R @ background.light).astype(np.float32)
    canvas = Canvas(colours, background.depths.copy(), light, background.ambient)
    if figures:
        ends = np.concatenate([_ends(background, figure) for figure in figures])
        radii = np.concatenate([figure.body.radii for figure in figures]).astype(np.float32)
        clothes = np.concatenate([figure.outfit.colours for figure in figures])
        bands = np.concatenate([figure.outfit.bands for figure in figures])
        canvas.capsules(ends, radii, float(camera.K[0, 0]), clothes, bands)
    truths = [_truth(background, figure, canvas.depths) for figure in figures]
    return np.clip(canvas.colours, 0, 255).astype(np.uint8), truths


def _ends(background: Background, figure: PersonInFrame) -> Floats32:
    """Return both ends of each part, `[P, 2, 3]`: pixels and depth."""
    body, frame = figure.body, figure.frame
    pixels, depth = background.camera.project(np.stack([body.starts[frame], body.ends[frame]], axis=1))
    return np.concatenate([pixels, depth[..., None]], axis=-1).astype(np.float32)


def _truth(background: Background, figure: PersonInFrame, depths: Floats32) -> Truth:
    camera, body = background.camera, figure.body
    pixels, depth = camera.project(body.joints[figure.frame])
    joints, joint_depth = pixels[: len(COCO_JOINTS)], depth[: len(COCO_JOINTS)]
    width, height = camera.image_size
    inside = (joints >= 0).all(axis=1) & (joints < [width, height]).all(axis=1) & (joint_depth > 0)
    column, row = np.clip(np.nan_to_num(joints), 0, [width - 1, height - 1]).astype(int).T
    hidden = depths[row, column] < joint_depth - body.depths - HIDDEN_BEHIND
    visible = np.where(inside, np.where(hidden, 1, 2), 0)
    box = _box(_ends(background, figure), body.radii * camera.K[0, 0], camera.image_size)
    return Truth(joints, visible, box, pixels[INDEX["head_top"]], pixels[INDEX["neck"]])


def _box(ends: Floats32, radii: Floats, image_size: tuple[int, int]) -> Floats:
    reach = (radii / np.maximum(ends[..., 2], 0.1))[..., None]
    low, high = (ends[..., :2] - reach).min(axis=(0, 1)), (ends[..., :2] + reach).max(axis=(0, 1))
    return np.concatenate([np.clip(low, 0, image_size), np.clip(high, 0, image_size)])
