"""The simulator's people rendered into pictures and videos, with the truth about every joint."""

from pose.rendering.coco import write_coco
from pose.rendering.picture import Truth, draw_picture
from pose.rendering.scene import RenderedFrame, draw_frames
from pose.rendering.videos import ID_PATTERN, VideoOptions, draw_videos

__all__ = [
    "ID_PATTERN",
    "RenderedFrame",
    "Truth",
    "VideoOptions",
    "draw_frames",
    "draw_picture",
    "draw_videos",
    "write_coco",
]
