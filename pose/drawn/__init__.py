"""The simulator's people drawn into pictures and videos, with the truth about every joint."""

from pose.drawn.coco import write_coco
from pose.drawn.picture import Truth, draw_picture
from pose.drawn.scene import Frame, draw_frames
from pose.drawn.videos import ID_PATTERN, VideoOptions, draw_videos

__all__ = ["ID_PATTERN", "Frame", "Truth", "VideoOptions", "draw_frames", "draw_picture", "draw_videos", "write_coco"]
