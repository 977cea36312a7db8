"""The MLflow store: opened cheaply, made once, whole or not at all."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.errors import ConfigError
from sweeps.tracking.filesystem import check_sqlite_place

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment
    from omegaconf import DictConfig

_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Store:
    """An open MLflow store.

    Attributes:
        client: the one client that everything in this process writes through.
        uri: what the client was opened with.
        experiment_id: the experiment that new runs belong to.
        output_dir: folder beside the store, for everything that is not in MLflow.
    """

    client: MlflowClient
    uri: str
    experiment_id: str
    output_dir: Path


def open_store(tracking: DictConfig, output_dir: str) -> Store:
    """Open the store, and make database and experiment where they do not exist. Safe for processes that race.

    Args:
        tracking: config node with `uri` (of a database or a server) and `experiment` (a name).
        output_dir: folder for artifacts (``<output_dir>/mlartifacts``, unless a server keeps them) and the lock.

    Raises:
        ConfigError: the URI is of a kind that MLflow refuses, the database cannot be opened or is from another version
            of MLflow, or the experiment was deleted.
    """
    uri = str(tracking.uri)
    if uri.startswith("file:") or "://" not in uri:
        raise ConfigError(f"tracking.uri={uri}: MLflow no longer writes to folders; use sqlite:///PATH/mlflow.db")
    if uri.startswith(_SQLITE):
        check_sqlite_place(_sqlite_file(uri))
    folder = Path(output_dir).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    # read by mlflow when it is first imported: otherwise it calls home from a thread of its own
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow.store.tracking.sqlalchemy_store  # before the lock, so that others wait for the database only
    from filelock import FileLock
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    with FileLock(folder / ".mlflow.lock"), _quiet():
        try:
            _make_database(uri)
            client = mlflow.MlflowClient(tracking_uri=uri)
            experiment = _experiment(client, str(tracking.experiment), uri, folder)
        except (MlflowException, SQLAlchemyError, OSError) as error:
            raise ConfigError(f"tracking.uri={uri} cannot be used: {_first_line(error)}") from error
    return Store(client, uri, str(experiment.experiment_id), folder)


def store_exists(tracking: DictConfig) -> bool:
    """Whether there is a store to open: a database file for sqlite; a server is taken to be there."""
    uri = str(tracking.uri)
    return not uri.startswith(_SQLITE) or Path(uri.removeprefix(_SQLITE)).is_file()


def open_existing_store(tracking: DictConfig, output_dir: str) -> Store:
    """Open a store that is there already, and make nothing, neither in it nor beside it.

    Its `experiment_id` is empty where it has no experiment of the configured name.

    Raises:
        ConfigError: there is none, or it cannot be opened.
    """
    uri = str(tracking.uri)
    if not store_exists(tracking):
        raise ConfigError(f"tracking.uri={uri}: there is no store yet; type tracking.uri=WHERE_IT_IS")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    import mlflow
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    with _quiet():
        try:
            client = mlflow.MlflowClient(tracking_uri=uri)
            experiment = client.get_experiment_by_name(str(tracking.experiment))
        except (MlflowException, SQLAlchemyError, OSError) as error:
            raise ConfigError(f"tracking.uri={uri} cannot be used: {_first_line(error)}") from error
    return Store(client, uri, str(experiment.experiment_id) if experiment else "", Path(output_dir).absolute())


def _make_database(uri: str) -> None:
    """Make a new sqlite database under another name first: one that was half made could not be mended."""
    path = _sqlite_file(uri)
    if not uri.startswith(_SQLITE) or path.exists():
        return
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    store = SqlAlchemyStore(f"{_SQLITE}{unfinished}", str(path.parent))  # type: ignore[no-untyped-call]
    store.engine.dispose()
    unfinished.rename(path)


def _sqlite_file(uri: str) -> Path:
    return Path(uri.removeprefix(_SQLITE).partition("?")[0])


def _experiment(client: MlflowClient, name: str, uri: str, folder: Path) -> Experiment:
    found = client.get_experiment_by_name(name)
    if found is None:
        server_keeps_artifacts = uri.startswith(("http:", "https:", "databricks"))
        location = None if server_keeps_artifacts else (folder / "mlartifacts").as_uri()
        return client.get_experiment(client.create_experiment(name, artifact_location=location))
    if found.lifecycle_stage == "deleted":
        restore = f"MLFLOW_TRACKING_URI={uri} mlflow experiments restore -x {found.experiment_id}"
        raise ConfigError(f"tracking.experiment={name} was deleted; bring it back with: {restore}")
    return found


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow's and alembic's reports on their migrations off the terminal."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
