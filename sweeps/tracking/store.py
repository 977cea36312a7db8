"""The MLflow store: opened cheaply, made once, whole or not at all."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from sweeps.errors import ConfigError
from sweeps.tracking.filesystem import check_sqlite_place
from sweeps.tracking.outbox import Direct, Outbox
from sweeps.tracking.retry import AwayError, PatientClient, attempt, can_go_away, hide_password, how_to_start, patiently

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment
    from omegaconf import DictConfig

_SQLITE = "sqlite:///"
_TIMEOUT, _PATIENCE = 5.0, 600.0  # seconds, where the configuration does not say
_HURRY = 1.0  # seconds
T = TypeVar("T")


@dataclass(frozen=True)
class Store:
    """An open MLflow store.

    Attributes:
        client: what everything in this process reads with, and writes that may be done twice; of a server or a
            database that has gone away it waits for it.
        uri: what the client was opened with.
        experiment_id: the experiment that new runs belong to.
        output_dir: folder beside the store, for everything that is not in MLflow.
        timeout: seconds that one write waits for an answer.
        patience: seconds that a job waits at its start and at its end for a store that has gone away.
    """

    client: MlflowClient
    uri: str
    experiment_id: str
    output_dir: Path
    timeout: float = _TIMEOUT
    patience: float = _PATIENCE
    _sinks: dict[str, Direct | Outbox] = field(default_factory=dict, compare=False, repr=False)

    @property
    def plain(self) -> MlflowClient:
        """MLflow's own client, that waits for nothing."""
        return cast("MlflowClient", getattr(self.client, "plain", self.client))

    def hurry(self) -> None:
        """From now on wait for a store that has gone away for moments only: somebody wants all to end."""
        if isinstance(self.client, PatientClient):
            self.client.patience = _HURRY

    def sink(self, run_id: str) -> Direct | Outbox:
        """Give what writes of a run go to, from this process."""
        if run_id not in self._sinks:
            folder = self.output_dir / "runs" / run_id
            if can_go_away(self.uri):
                folder.mkdir(parents=True, exist_ok=True)
                self._sinks[run_id] = Outbox(folder, run_id, self.plain, self.uri, self.timeout)
            else:
                self._sinks[run_id] = Direct(self.client, run_id)
        return self._sinks[run_id]


def open_store(tracking: DictConfig, output_dir: str, *, wait: bool = False) -> Store:
    """Open the store, and make database and experiment where they do not exist. Safe for processes that race.

    Args:
        tracking: config node with `uri` (of a database or a server), `experiment` (a name), and, where the store can
            go away, `timeout` and `patience` in seconds.
        output_dir: folder for artifacts (``<output_dir>/mlartifacts``, unless a server keeps them) and the lock.
        wait: be patient, as a job of a sweep is; a command that is typed says at once that nobody answers.

    Raises:
        ConfigError: the URI is of a kind that MLflow refuses, nobody answers there, the database cannot be opened or is
            from another version of MLflow, or the experiment was deleted.
    """
    uri = str(tracking.uri)
    if uri.startswith("file:") or "://" not in uri:
        raise ConfigError(f"tracking.uri={uri}: MLflow no longer writes to folders; use sqlite:///PATH/mlflow.db")
    if uri.startswith(_SQLITE):
        check_sqlite_place(_sqlite_file(uri))
    folder = Path(output_dir).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    _set_up_mlflow()
    import mlflow
    from filelock import FileLock

    if not _is_server(uri):
        import mlflow.store.tracking.sqlalchemy_store  # before the lock, so that others wait for the database only

    def make() -> tuple[MlflowClient, Experiment]:
        with FileLock(folder / ".mlflow.lock"), _quiet():
            _connect(uri)
            _make_database(uri)
            client = mlflow.MlflowClient(tracking_uri=uri)
            return client, _experiment(client, str(tracking.experiment), uri, folder)

    client, experiment = _opened(make, tracking, wait=wait)
    return _store(client, tracking, str(experiment.experiment_id), folder)


def _is_server(uri: str) -> bool:
    return uri.startswith(("http:", "https:", "databricks"))  # "databricks" alone is a URI too


def _set_up_mlflow() -> None:
    """Set what mlflow reads when it is first imported: otherwise it calls home from a thread of its own."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")


def _opened(make: Callable[[], T], tracking: DictConfig, *, wait: bool) -> T:
    """Call what opens a store.

    Raises:
        ConfigError: one line that says what to type.
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    uri = str(tracking.uri)
    try:
        if not can_go_away(uri):
            return make()
        if wait:
            return patiently(make, uri, tracking.get("patience", _PATIENCE))
        return attempt(make)
    except AwayError as away:
        raise ConfigError(f"tracking.uri={hide_password(uri)}: no answer ({away}); {how_to_start(uri)}") from None
    except (MlflowException, SQLAlchemyError, OSError, ImportError) as error:
        told = hide_password(_first_line(error))
        raise ConfigError(f"tracking.uri={hide_password(uri)} cannot be used: {told}") from error


def _store(client: MlflowClient, tracking: DictConfig, experiment_id: str, folder: Path) -> Store:
    uri, timeout, patience = str(tracking.uri), tracking.get("timeout", _TIMEOUT), tracking.get("patience", _PATIENCE)
    if can_go_away(uri):
        client = cast("MlflowClient", PatientClient(client, uri, patience))
    return Store(client, uri, experiment_id, folder, timeout, patience)


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
    _set_up_mlflow()
    import mlflow

    def find() -> tuple[MlflowClient, Experiment | None]:
        with _quiet():
            _connect(uri)
            client = mlflow.MlflowClient(tracking_uri=uri)
            return client, client.get_experiment_by_name(str(tracking.experiment))

    client, experiment = _opened(find, tracking, wait=False)
    return _store(client, tracking, str(experiment.experiment_id) if experiment else "", Path(output_dir).absolute())


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


def _connect(uri: str) -> None:
    """Connect to a database server once: MLflow would try for two minutes before it says that none is there."""
    if uri.startswith(_SQLITE) or _is_server(uri):
        return
    import sqlalchemy

    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.NullPool)
    with engine.connect():
        pass
    engine.dispose()


def _sqlite_file(uri: str) -> Path:
    return Path(uri.removeprefix(_SQLITE).partition("?")[0])


def _experiment(client: MlflowClient, name: str, uri: str, folder: Path) -> Experiment:
    found = client.get_experiment_by_name(name) or _new_experiment(client, name, uri, folder)
    if found.lifecycle_stage == "deleted":
        restore = f"MLFLOW_TRACKING_URI={uri} mlflow experiments restore -x {found.experiment_id}"
        raise ConfigError(f"tracking.experiment={name} was deleted; bring it back with: {restore}")
    return found


def _new_experiment(client: MlflowClient, name: str, uri: str, folder: Path) -> Experiment:
    from mlflow.exceptions import MlflowException

    location = None if _is_server(uri) else (folder / "mlartifacts").as_uri()
    try:
        return client.get_experiment(client.create_experiment(name, artifact_location=location))
    except MlflowException as error:
        # of a process elsewhere that was faster, or of this one, whose answer was lost
        found = client.get_experiment_by_name(name) if error.error_code == "RESOURCE_ALREADY_EXISTS" else None
        if found is None:
            raise
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
