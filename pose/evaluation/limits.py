"""What the arguments of a comparison must be; data for whoever checks a configuration beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, MinLen, doc

Count = Annotated[int, Ge(1)]
Name = Annotated[str, MinLen(1)]

ARGUMENTS: Mapping[str, Any] = {
    "path": Annotated[Name, "FOLDER"],
    "annotations": Annotated[Name, "FILE"],
    "estimators": list[str],
    "settings": Annotated[
        dict[str, dict[str, Any]],
        doc("a table of tables, as {hrnet_w32: {flip_test: false}}"),
        "NAME={KEY:VALUE}",
    ],
    "files": Annotated[dict[str, Name], doc("a table of paths, as {alphapose: results.json}"), "alphapose=FILE"],
    "boxes": Literal["detector", "annotated"],
    "pck": Literal["auto", "head", "torso", "box"],
    "pck_fraction": Annotated[float, Gt(0)] | None,
    "min_score": Annotated[float, Ge(0), Le(1)],
    "people_per_batch": Count,
    "frames_per_batch": Count,
    "num_threads": Count | None,
}
# With which values of an argument there is no use for which others, and the words for it.
UNUSED = (
    (
        "estimators",
        lambda estimators: not estimators,
        ("pose", "boxes", "people_per_batch", "frames_per_batch", "num_threads"),
        "only files are compared, and no estimator uses it; leave it out",
    ),
    (
        "boxes",
        lambda boxes: boxes == "annotated",
        ("detector",),
        "`boxes`=annotated takes the place of the detector; leave one of them out",
    ),
)
UNREACHABLE = {"estimator": "is chosen by a list here; type `estimators`=[hrnet_w32]"}
