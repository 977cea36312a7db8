"""The MLflow store: opened in milliseconds where it exists, else created, completely or not at all."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from sweeps.errors import ConfigError
from sweeps.runtime.loggers import logger_level
from sweeps.tracking.filesystem import check_sqlite_place
from sweeps.tracking.mlflow_internals import create_sqlite_database, import_database_store
from sweeps.tracking.outbox import DirectSink, Outbox, Sink
from sweeps.tracking.retry import RetryingClient, StoreUnavailableError, call_once, call_until_answered, first_line
from sweeps.tracking.uri import hide_password, how_to_start, is_remote, is_server, is_sqlite, sqlite_file

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment
    from omegaconf import DictConfig

_TIMEOUT, _PATIENCE = 5.0, 600.0  # seconds; defaults of the configuration
_SHORT_PATIENCE = 1.0  # seconds


@dataclass(frozen=True)
class Store:
    """An open MLflow store.

    Attributes:
        client: what this process reads with, and makes idempotent writes; it waits for a server or a database that is
            unavailable.
        uri: what the client was opened with.
        experiment_id: the experiment that new runs belong to.
        output_dir: folder beside the store, for everything that is not in MLflow.
        timeout: seconds that one write waits for an answer.
        patience: seconds that a job waits at its start and at its end for a store that is unavailable.
    """

    client: MlflowClient
    uri: str
    experiment_id: str
    output_dir: Path
    timeout: float = _TIMEOUT
    patience: float = _PATIENCE
    _sinks: dict[str, Sink] = field(default_factory=dict, compare=False, repr=False)

    @property
    def mlflow_client(self) -> MlflowClient:
        """MLflow's own client, without retries."""
        return self.client.mlflow_client if isinstance(self.client, RetryingClient) else self.client

    def shorten_patience(self) -> None:
        """Wait for an unavailable store for moments only from now on: the user has interrupted."""
        if isinstance(self.client, RetryingClient):
            self.client.patience = _SHORT_PATIENCE

    def sink(self, run_id: str) -> Sink:
        """Return what this process writes to a run through."""
        if run_id not in self._sinks:
            folder = self.output_dir / "runs" / run_id
            if is_remote(self.uri):
                folder.mkdir(parents=True, exist_ok=True)
                self._sinks[run_id] = Outbox(folder, run_id, self.mlflow_client, self.uri, self.timeout)
            else:
                self._sinks[run_id] = DirectSink(self.client, run_id)
        return self._sinks[run_id]


def open_store(tracking: DictConfig, output_dir: str, *, wait: bool = False) -> Store:
    """Open the store, and create database and experiment where they do not exist. Safe for processes that race.

    Args:
        tracking: config node with `uri` (of a database or a server), `experiment` (a name), and, where the store can
            be unavailable, `timeout` and `patience` in seconds.
        output_dir: folder for artifacts (``<output_dir>/mlartifacts``, unless a server keeps them) and the lock.
        wait: for a store that is unavailable, up to `patience`, as a job of a sweep does; otherwise fail at once.

    Raises:
        ConfigError: MLflow refuses such a URI, the store is unavailable, the database cannot be opened or is from
            another version of MLflow, or the experiment was deleted.
    """
    uri = str(tracking.uri)
    if uri.startswith("file:") or "://" not in uri:
        raise ConfigError(f"tracking.uri={uri}: MLflow no longer writes to folders; use sqlite:///PATH/mlflow.db")
    if is_sqlite(uri):
        check_sqlite_place(sqlite_file(uri))
    folder = Path(output_dir).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    _set_up_mlflow()
    from filelock import FileLock

    if not is_server(uri):
        import_database_store()  # before the lock, so that others wait for the database only

    def find_or_create(client: MlflowClient) -> Experiment:
        return _find_or_create_experiment(client, str(tracking.experiment), uri, folder)

    def create_and_connect() -> Store:
        with FileLock(folder / ".mlflow.lock"):
            _create_database(uri)
            return _connect(tracking, folder, find_or_create)

    return _report_failures(create_and_connect, tracking, wait=wait)


def open_existing_store(tracking: DictConfig, output_dir: str) -> Store:
    """Open a store that exists, and create nothing, neither in it nor beside it.

    Its `experiment_id` is empty where it has no experiment of the configured name.

    Raises:
        ConfigError: there is none, or it cannot be opened.
    """
    if not store_exists(tracking):
        raise ConfigError(f"tracking.uri={tracking.uri}: there is no store yet; type tracking.uri=WHERE_IT_IS")
    _set_up_mlflow()

    def find(client: MlflowClient) -> Experiment | None:
        return client.get_experiment_by_name(str(tracking.experiment))

    return _report_failures(lambda: _connect(tracking, Path(output_dir).absolute(), find), tracking, wait=False)


def store_exists(tracking: DictConfig) -> bool:
    """Tell whether there is a store to open: a database file for sqlite; a server is taken to be there."""
    uri = str(tracking.uri)
    return not is_sqlite(uri) or sqlite_file(uri).is_file()


def _set_up_mlflow() -> None:
    """Set what mlflow reads when it is first imported: otherwise it calls home from a thread of its own."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")


def _report_failures(open_it: Callable[[], Store], tracking: DictConfig, *, wait: bool) -> Store:
    """Call a function that opens a store, and turn its failure into one line.

    Raises:
        ConfigError: the store is unavailable, or cannot be used.
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    uri = str(tracking.uri)
    address = f"tracking.uri={hide_password(uri)}"
    try:
        with logger_level(logging.WARNING, "mlflow", "alembic"):  # which report on migrations
            if not is_remote(uri):
                return open_it()
            if wait:
                return call_until_answered(open_it, uri, tracking.get("patience", _PATIENCE))
            return call_once(open_it)
    except StoreUnavailableError as error:
        raise ConfigError(f"{address}: no answer ({error}); {how_to_start(uri)}") from None
    except (MlflowException, SQLAlchemyError, OSError, ImportError) as error:
        raise ConfigError(f"{address} cannot be used: {hide_password(first_line(error))}") from error


def _connect(tracking: DictConfig, folder: Path, experiment_of: Callable[[MlflowClient], Experiment | None]) -> Store:
    """Connect to a store that exists."""
    import mlflow

    uri, timeout, patience = str(tracking.uri), tracking.get("timeout", _TIMEOUT), tracking.get("patience", _PATIENCE)
    _probe_database(uri)
    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = experiment_of(client)
    if is_remote(uri):
        client = cast("MlflowClient", RetryingClient(client, uri, patience))
    return Store(client, uri, str(experiment.experiment_id) if experiment else "", folder, timeout, patience)


def _probe_database(uri: str) -> None:
    """Connect to a database server once: MLflow would try for two minutes before it reports that none answers."""
    if is_sqlite(uri) or is_server(uri):
        return
    import sqlalchemy

    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.NullPool)
    with engine.connect():
        pass
    engine.dispose()


def _create_database(uri: str) -> None:
    """Create a new sqlite database under another name first: one that a kill has left incomplete cannot be repaired."""
    file = sqlite_file(uri)
    if not is_sqlite(uri) or file.exists():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.new")
    unfinished.unlink(missing_ok=True)
    create_sqlite_database(unfinished)
    unfinished.rename(file)


def _find_or_create_experiment(client: MlflowClient, name: str, uri: str, folder: Path) -> Experiment:
    experiment = client.get_experiment_by_name(name) or _create_experiment(client, name, uri, folder)
    if experiment.lifecycle_stage == "deleted":
        restore = f"MLFLOW_TRACKING_URI={uri} mlflow experiments restore -x {experiment.experiment_id}"
        raise ConfigError(f"tracking.experiment={name} was deleted; bring it back with: {restore}")
    return experiment


def _create_experiment(client: MlflowClient, name: str, uri: str, folder: Path) -> Experiment:
    from mlflow.exceptions import MlflowException

    location = None if is_server(uri) else (folder / "mlartifacts").as_uri()
    try:
        return client.get_experiment(client.create_experiment(name, artifact_location=location))
    except MlflowException as error:
        # by a process elsewhere that was faster, or by this one, whose answer was lost
        existing = client.get_experiment_by_name(name) if error.error_code == "RESOURCE_ALREADY_EXISTS" else None
        if existing is None:
            raise
        return existing
