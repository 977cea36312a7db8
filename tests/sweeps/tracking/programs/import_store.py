"""Print which heavy packages importing the store has imported."""

import sys

import sweeps.tracking.store  # noqa: F401

HEAVY = {"alembic", "mlflow", "numpy", "pandas", "requests", "sqlalchemy", "torch"}
print(sorted(HEAVY & sys.modules.keys()))
