"""What the arguments of the data modules must be, and what they ask of one another.

Data for whoever checks a configuration before anything heavy is imported. A check takes the arguments it is about by
their names, a group's name for the class that was chosen; `nearest` finds a misspelt name. Its fault is the argument,
what is wrong with it in words that end where the cures follow, and the cures: assignments of which one will do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Len, Lt, MinLen, doc

from pose.readers.name_pattern import ID_PATTERNS

Fault = tuple[str, str, Sequence[Mapping[str, object]]]
Nearest = Callable[[str, Iterable[str]], str | None]

Count = Annotated[int, Ge(1)]
Name = Annotated[str, MinLen(1)]
Seed = Annotated[int, Ge(0), Le(2**32 - 1)]  # the range of numpy's
Fraction = Annotated[float, Gt(0), Lt(1)]

ARGUMENTS: Mapping[str, Any] = {
    "path": Annotated[Name, "FILE"],
    "sequence_length": Count,
    "stride": Count,
    "eval_stride": Count,
    "batch_size": Count,
    "loader": Literal["resident", "workers"],
    "num_workers": Annotated[int, Ge(0)],
    "num_threads": Count | None,
    "pin_memory": bool,
    "normalize": Literal["standard", "body", "none"],
    "velocity": bool,
    "train_fraction": Annotated[float, Gt(0), Le(1)],
    "classes": list[str] | None,
    "class_names": list[str] | None,
    "abnormal_classes": list[str],
    "id_pattern": Name | None,
    "fps": Annotated[float, Gt(0)],
    "image_size": Annotated[list[Annotated[int, Gt(0)]], Len(2, 2)] | None,
    "max_gap": Annotated[int, Ge(0)],
    "min_frames": Count,
    "max_people": Count | None,
    "min_overlap": Fraction,
    "frame_step": Count | None,
    "actions": Annotated[dict[int, Name], MinLen(1), doc("a table of names, as {1: walk}"), "1=NAME"],
    "label_names": Annotated[dict[int, Name], doc("a table of names, as {1: walk}"), "1=NAME"],
    "frames": Annotated[int, Ge(1000)],
    "views": Annotated[int, Ge(1), Le(12)],
    "dimensions": Annotated[int, Ge(2), Le(3)],
    "seed": Seed,
    "store": object,
    "split": {
        "protocol": object,
        "train": Annotated[Name, "NAME"],
        "test": Annotated[Name, "NAME"],
        "val": Name | None,
        "test_fraction": Fraction,
        "val_fraction": Annotated[float, Ge(0), Lt(1)],
        "seed": Seed,
    },
}
SYNONYMS = {"length": "sequence_length"}
# What windows look like or how they are fetched, not which there are in validation and test.
NOT_DIVIDED_BY = (
    *("normalize", "scores", "velocity", "train_fraction"),
    *("batch_size", "loader", "num_workers", "num_threads"),
)
# How windows are fetched, not which: no result depends on it.
NOT_IN_RESULT = ("num_workers", "pin_memory", "num_threads")
# Where the key points come from and how they are found: of no account where the key points themselves are known.
BEHIND_THE_DATA = (
    *("path", "store", "detector", "estimator", "nms", "tracker"),
    *("detect_every", "people_per_batch", "frames_per_batch"),
)
UNREACHABLE = {"pose": "is for videos, and none are read; type `datamodule`=hrnet with it"}

_FILE_READERS = ("datamodules.pyskl.",)  # their path is a file; a folder for the others
_LABELLED_BY_NAME = ("datamodules.alphapose.", "datamodules.hrnet.", "datamodules.openpose.")
_GROUPS = ("subject", "camera", "recording")
_EXAMPLE = {"id_pattern": r"(?P<subject>P\d+)"}


def check_path(path: str, datamodule: str) -> Fault | None:
    """Check that the path is there, and a file where one is read."""
    place = Path(path).expanduser()
    wants_file = datamodule.startswith(_FILE_READERS)
    kind = "FILE" if wants_file else "FOLDER"
    if not place.exists():
        siblings = [entry.name for entry in place.parent.iterdir()] if place.parent.is_dir() else []
        near = get_close_matches(place.name, sorted(siblings), n=1)
        return "path", "no such file or folder; type", [{"path": str(place.parent / near[0]) if near else kind}]
    return ("path", "a folder; type", [{"path": kind}]) if wants_file and place.is_dir() else None


def check_id_pattern(id_pattern: str | None, datamodule: str, nearest: Nearest) -> Fault | None:
    """Check that the pattern is a preset, or a regex with the groups that are looked for."""
    if id_pattern is None or id_pattern in ID_PATTERNS:
        return None
    try:
        groups = list(re.compile(id_pattern).groupindex)
    except re.error as error:
        return "id_pattern", f"not a regex, {error}; type for instance", [_EXAMPLE]
    known = ("label", *_GROUPS) if datamodule.startswith(_LABELLED_BY_NAME) else _GROUPS
    # recording1, recording2, ... are joined
    unknown = [group for group in groups if group not in known and not re.fullmatch(r"recording\d+", group)]
    if unknown:
        group = nearest(unknown[0], known) or "subject"
        mended = id_pattern.replace(f"(?P<{unknown[0]}>", f"(?P<{group}>")
        return "id_pattern", f"{unknown[0]} is no group of it; type", [{"id_pattern": mended}]
    if groups:
        return None
    near = nearest(id_pattern, ID_PATTERNS)
    listed = f"{', '.join(known[:-1])} or {known[-1]}"
    why = f"has no group {listed}, and is no preset ({' or '.join(ID_PATTERNS)})"
    how, cure = ("type", {"id_pattern": near}) if near else ("type for instance", _EXAMPLE)
    return "id_pattern", f"{why}; {how}", [cure]


def check_strides(protocol: str, stride: int, eval_stride: int) -> Fault | None:
    """Check that one stride serves all parts where windows are divided only after they were cut."""
    if protocol != "window" or eval_stride == stride:
        return None
    why = f"`split`=window needs one stride for all windows, `stride`={stride}; type"
    return "eval_stride", why, [{"eval_stride": stride}]


def check_velocity(velocity: bool, sequence_length: int) -> Fault | None:
    """Check that a window has two frames where velocities are asked for."""
    if not velocity or sequence_length > 1:
        return None
    return "velocity", "one frame alone does not move; type", [{"sequence_length": 9}, {"velocity": False}]


def check_test_curve(test_curve: bool, val_fraction: float, val: str | None = None) -> Fault | None:
    """Check that nothing is chosen by validation where the test part is looked at after every epoch."""
    if not test_curve or not (val_fraction or val):
        return None
    cure: dict[str, object] = {"val_fraction": 0, **({"val": None} if val else {})}
    return "test_curve", "tests after every epoch, so nothing may be chosen by then; type", [cure]


def check_named_splits(train: str, test: str, val: str | None = None) -> Fault | None:
    """Check that no named split is two parts."""
    named = {"train": train, "test": test, "val": val}
    for first, second in (("train", "test"), ("train", "val"), ("test", "val")):
        if named[first] == named[second]:
            cures: list[dict[str, object]] = [{second: "NAME"}, {second: None}]
            return second, f"the same as `split.{first}`; name another split, as", cures[: 1 + (second == "val")]
    return None


def check_searched_part(
    metric: str, val_fraction: float, val: str | None = None, test_curve: bool = False
) -> Fault | None:
    """Check that a search by a validation metric has a validation part."""
    if not metric.startswith("val/") or val_fraction or val:
        return None
    cure = {"val_fraction": 0.15, **({"test_curve": False} if test_curve else {})}
    return "metric", "there is no validation part; type", [cure]
