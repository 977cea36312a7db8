"""The options of conf/pose as they are composed, and networks with random weights that find something."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

ROOT = Path(__file__).parents[3]


def names(group: str) -> list[str]:
    return sorted(path.stem for path in (ROOT / "conf/pose" / group).glob("*.yaml"))


def make(group: str, name: str, **values: Any) -> Any:
    """The option's object, with random weights where it has any and nothing else is said."""
    with initialize_config_dir(str(ROOT / "conf"), version_base=None):
        cfg = OmegaConf.to_container(compose(overrides=[f"+pose/{group}={name}"]).pose[group])
    if "weights" in cfg:
        values = {"weights": "random", **values}
    module, _, called = cfg.pop("_target_").rpartition(".")
    return getattr(importlib.import_module(module), called)(**{**cfg, **values})


def picture(width: int = 320, height: int = 240) -> Any:
    """People on grass, made by hand: shapes with edges, so that networks answer differently here and there."""
    rng = np.random.default_rng(3)
    image = cv2.GaussianBlur(rng.integers(40, 160, (height, width, 3), np.uint8), (0, 0), 2)
    for x in (0.25, 0.6):
        center = np.array([x * width, 0.5 * height]).astype(int)
        color = tuple(int(value) for value in rng.integers(0, 255, 3))
        cv2.ellipse(image, center.tolist(), (width // 16, height // 4), 10, 0, 360, color, -1)
        cv2.circle(image, (center - [0, height // 3]).tolist(), height // 14, (150, 180, 220), -1)
    return image


BOXES = np.array([[50.4, 20, 110, 225.7], [160, 10.2, 230, 230], [-20, 100, 400, 180]], np.float32)


@contextmanager
def normalised(module: Any) -> Iterator[None]:
    """What runs in here sets the statistics of the batch norms, as training does: random layers keep their range."""
    import torch

    norms = [part for part in module.modules() if isinstance(part, torch.nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.train()
        norm.momentum = None
        norm.reset_running_stats()
    yield
    for norm in norms:
        norm.eval()


def nearest(found: Any, expected: Any) -> Any:
    """For each row of `found` the row of `expected` nearest to it, none twice: equal scores have no order."""
    rows = np.abs(found[:, None] - expected[None]).reshape(len(found), len(expected), -1).max(axis=2).argmin(axis=1)
    assert len(set(rows.tolist())) == len(found)
    return rows
