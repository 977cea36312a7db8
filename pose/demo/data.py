"""What the demo's networks are trained on and measured by."""

from __future__ import annotations

from pathlib import Path

from pose.drawn.coco import write_coco
from pose.drawn.scene import draw_frames

TRAIN_SEED = 100
SCENES = 3000
PER_SCENE = 4
# Bodies near the floor are harder than upright ones, so they are shown more often than in the paper's table 3.
SHARES = {"carrying": 1, "falling down": 2, "walking": 1, "lifting": 1.5, "standing": 1, "lying down": 2}


def draw_training_data(folder: Path, scenes: int = SCENES) -> int:
    """Draws pictures to train on; returns how many people are in them."""
    return write_coco(folder, draw_frames(TRAIN_SEED, scenes, PER_SCENE, SHARES))
