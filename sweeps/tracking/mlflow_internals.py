"""All that we use of MLflow beside its documented interface, in one place.

tests/sweeps/tracking/test_mlflow_internals.py fails with what another version of MLflow has changed.
"""

from __future__ import annotations

from pathlib import Path

DATABASE_LOGGER = "mlflow.store.db.utils"  # prints a traceback where a database does not answer
# What MLflow imports when it is first needed, which takes seconds.
LATE_IMPORTS = (
    "mlflow.pytorch",
    "mlflow.pyfunc",
    "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_workspace_store",
    "mlflow.store.artifact.local_artifact_repo",
)


def import_database_store() -> None:
    """Import what a client of a database needs; otherwise its first call does."""
    import mlflow.store.tracking.sqlalchemy_store  # noqa: F401


def create_sqlite_database(file: Path) -> None:
    """Create a database with MLflow's tables.

    Args:
        file: of the database, which does not exist; its folder does.
    """
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    store = SqlAlchemyStore(f"sqlite:///{file}", str(file.parent))  # type: ignore[no-untyped-call]
    store.engine.dispose()
