"""A clip whose parts do not fit together is refused, in one line that names it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest

from pose.clip import Clip
from pose.errors import DataError


def make(**changes: Any) -> Clip:
    fields: dict[str, Any] = {
        "id": "k1",
        "keypoints": np.zeros((4, 17, 2), np.float32),
        "scores": np.ones((4, 17), np.float32),
        "label": "walking",
        "recording": "r1",
    }
    return Clip(**(fields | changes))


def test_a_clip_tells_its_frames_joints_and_coordinates() -> None:
    clip = make(keypoints=np.zeros((4, 17, 3)))
    assert (len(clip), clip.num_joints, clip.num_coordinates) == (4, 17, 3)


def test_a_clip_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        make().label = "falling"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"keypoints": np.zeros((4, 17))}, r"shape \(4, 17\), expected \[T, V, 2 or 3\]"),
        ({"keypoints": np.zeros((4, 17, 4))}, r"\(4, 17, 4\)"),
        ({"keypoints": np.zeros((2, 4, 17, 2))}, r"\(2, 4, 17, 2\)"),
        ({"scores": np.ones((4, 16))}, r"scores have shape \(4, 16\), expected that of its key points, \(4, 17\)"),
        ({"scores": np.ones((4, 17, 1))}, r"scores have shape"),
        ({"keypoints": np.zeros((0, 17, 2)), "scores": np.ones((0, 17))}, "no frames"),
        ({"skeleton": "body25"}, "17 joints, but skeleton body25 has 25"),
        ({"skeleton": "stickman"}, "unknown skeleton 'stickman'"),
        ({"fps": 0.0}, "fps is 0.0"),
        ({"fps": float("nan")}, "fps is nan"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        make(**changes)
    assert "\n" not in str(caught.value)
