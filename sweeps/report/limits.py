"""What the keys of a report must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Lt

ARGUMENTS: Mapping[str, Any] = {
    "metric": Literal["test/accuracy", "test/macro_f1", "test/clip_accuracy", "test/abnormal_recall"],
    "confidence": Annotated[float, Ge(0.5), Lt(1)],
    "effect": Annotated[float, Gt(0)],
    "resamples": Annotated[int, Ge(100)],
    "tuned": list[str] | None,
    "sweep": {"name": Annotated[str, "NAME"]},
}
