"""Which arguments of a data module change what its data is."""

from __future__ import annotations

# What windows look like or how they are fetched, not which there are in validation and test.
NOT_DIVIDED_BY = (
    *("normalize", "scores", "velocity", "train_fraction"),
    *("batch_size", "loader", "num_workers", "num_threads"),
)
