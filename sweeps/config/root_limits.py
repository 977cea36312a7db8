"""What the keys must be that every root has, and those of a search: tracking, the run to go on from, the sweep."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, MinLen, Predicate, doc

Count = Annotated[int, Ge(1)]
Name = Annotated[str, MinLen(1)]
RunId = Annotated[
    str,
    Predicate(re.compile(r"[0-9a-f]{32}").fullmatch),
    doc("an MLflow run id, 32 of 0-9 and a-f"),
    "RUN_ID",
]
Uri = Annotated[
    str,
    Predicate(re.compile(r"(sqlite|https?|databricks|(postgresql|mysql|mssql)(\+\w+)?)://.+").fullmatch),
    doc("sqlite:///FILE, http://HOST or postgresql+psycopg2://HOST/NAME"),
]

SEARCH: Mapping[str, Any] = {
    "n_trials": Count,
    "n_jobs": Count | None,
    "metric": object,
    "direction": Literal["min", "max"],
    "sampler": Literal["tpe", "random", "gp"],
    "seed": Annotated[int, Ge(0), Le(2**32 - 1)],  # the range of numpy's
    "pruner": Literal["median", "hyperband", "none"],
    "startup_trials": Count,
    "warmup_epochs": Count,
}
ARGUMENTS: Mapping[str, Any] = {
    "tracking": {
        "uri": Uri,
        "experiment": Name,
        "log_model": Literal["best", "always", "never"],
        "timeout": Count,
        "patience": Annotated[float, Ge(0)],
    },
    "output_dir": Name,
    "from_run": RunId | None,
    "resume": RunId | None,
    "sweep": {"tuned": list[str], "max_retries": Annotated[int, Ge(0)]},
    "hydra": {"sweeper": SEARCH},
}
