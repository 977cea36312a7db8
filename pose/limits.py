"""What the arguments of finding people in videos must be; data for whoever checks a configuration beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le

Count = Annotated[int, Ge(1)]

_NETWORK = {
    "device": Literal["auto", "cpu", "cuda"],
    "precision": Literal["auto", "float32", "float16", "bfloat16"],
    "cache": object,
}
ARGUMENTS: Mapping[str, Any] = {
    "fps": Annotated[float, Gt(0)],
    "detect_every": Count,
    "people_per_batch": Count,
    "frames_per_batch": Count,
    "detector": {**_NETWORK, "score_threshold": Annotated[float, Ge(0), Le(1)], "max_people": Count | None},
    "estimator": _NETWORK,
    "nms": {"skeleton": object},
    "tracker": {"skeleton": object, "by": object, "low_score": object, "min_similarity": object},
}
BEHIND_THE_DATA = ("",)  # all of them are of no account where the key points themselves are known


def finds_without_boxes(estimator: str) -> bool:
    """Return whether an estimator's class finds everybody in a picture, without a detector's boxes."""
    return estimator.startswith("pose.openmmlab.whole_picture.")


# Of which group which classes have no use for which arguments, and the words for it.
UNUSED = (
    (
        "estimator",
        finds_without_boxes,
        ("detector", "detect_every", "frames_per_batch", "boxes"),
        "{this} finds everybody without a detector; leave it out",
    ),
)
