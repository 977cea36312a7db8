"""What the arguments of an extraction must be; data for whoever checks a configuration beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from annotated_types import Ge, MinLen

ARGUMENTS: Mapping[str, Any] = {
    "path": Annotated[str, MinLen(1), "FOLDER"],
    "store": Annotated[str, MinLen(1)],
    "shard": Annotated[int, Ge(0)],
    "num_shards": Annotated[int, Ge(1)],
    "num_threads": Annotated[int, Ge(1)] | None,
}
