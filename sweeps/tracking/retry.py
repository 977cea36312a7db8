"""A server, or a database, that can go away: calls that are bounded, and calls that wait until it is back."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import re
import time
import urllib.parse
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from sweeps.errors import ConfigError

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

READING = 30.0  # seconds that a question may take: a search through many runs is slow
_PAUSE, _LONGEST_PAUSE = 0.25, 5.0  # seconds between tries
_AWAY_CODES = (408, 429, 500, 502, 503, 504)  # what a server says that is there, but cannot answer now
T = TypeVar("T")


class AwayError(Exception):
    """The store did not answer. Whether it did what it was asked to do is not known."""


def can_go_away(uri: str) -> bool:
    """Tell whether a store is another process, and not a file."""
    return not uri.startswith("sqlite:")


def hide_password(text: str) -> str:
    """Give a text in which no URI holds a password."""
    return re.sub(r"(://[^:/@\s]+):[^@/\s]+@", r"\1:***@", text)


def how_to_start(uri: str) -> str:
    """Say what to type where nothing answers at a URI."""
    parts = urllib.parse.urlsplit(uri)
    if parts.scheme in ("http", "https"):
        where = f"--host 127.0.0.1 --port {parts.port or 5000}"
        return (
            f"start a server: mlflow server {where} --backend-store-uri sqlite:///outputs/mlflow.db "
            "--artifacts-destination outputs/mlartifacts; or type tracking=sqlite"
        )
    if parts.scheme.startswith("postgresql"):
        name, host, port = parts.path.strip("/") or "mlflow", parts.hostname or "127.0.0.1", parts.port or 5432
        return f"start PostgreSQL there, and make the database: createdb -h {host} -p {port} {name}; docs/cluster.md"
    return "start it, or type tracking=sqlite"


def why_away(error: BaseException | None) -> str | None:
    """Say in a few words why a store could not answer; None where an error means something else."""
    import requests
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import InterfaceError, OperationalError

    while error is not None:
        if isinstance(error, requests.HTTPError):
            status = error.response.status_code if error.response is not None else 0
            return f"HTTP status {status}" if status in _AWAY_CODES else None
        if isinstance(error, requests.RequestException):
            return _few_words(error)
        if isinstance(error, OperationalError | InterfaceError):
            return _few_words(error.orig or error)
        if isinstance(error, MlflowException) and error.error_code in (
            "TEMPORARILY_UNAVAILABLE",
            "REQUEST_LIMIT_EXCEEDED",
        ):
            return _few_words(error.__cause__ or error)
        error = error.__cause__ or error.__context__
    return None


def _few_words(error: BaseException) -> str:
    text = str(error).strip().partition("\n")[0]
    known = re.search(
        r"Connection refused|timed out|Connection aborted|Connection reset|Name or service not known|"
        r"too many \d+ error responses|FATAL: .*",
        text,
    )
    return hide_password(known[0] if known else text or type(error).__name__)[:200]


@contextlib.contextmanager
def _bounded(timeout: float) -> Iterator[None]:
    """Have MLflow try once, for so many seconds: by itself it would try for minutes, and training would stand still."""
    bounds = {
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(max(1, round(timeout))),
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "PGCONNECT_TIMEOUT": str(max(2, round(timeout))),  # libpq takes 1 for 2
    }
    before = {name: os.environ.get(name) for name in bounds}
    os.environ.update(bounds)
    talkative = logging.getLogger("mlflow.store.db.utils")  # prints a traceback of what is told here in a line
    was_disabled, talkative.disabled = talkative.disabled, True
    try:
        yield
    finally:
        talkative.disabled = was_disabled
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def attempt(call: Callable[[], T], timeout: float = READING) -> T:
    """Call once.

    Args:
        call: asks something of the store.
        timeout: seconds that each request in it may take.

    Raises:
        AwayError: the store did not answer in time.
    """
    try:
        with _bounded(timeout):
            return call()
    except Exception as error:
        why = why_away(error)
        if why is None:
            raise
    raise AwayError(why)


def patiently(call: Callable[[], T], uri: str, patience: float, timeout: float = READING) -> T:
    """Call until the store answers; says once that it is waited for. Only for what may be done twice.

    Args:
        call: asks something of the store.
        uri: of the store.
        patience: seconds from the first try to the last.
        timeout: seconds that each request may take.

    Raises:
        ConfigError: it did not answer all the while; says how to start it.
    """
    deadline, pause, said = time.monotonic() + patience, _PAUSE, False
    while True:
        try:
            result = attempt(call, timeout)
        except AwayError as away:
            why = str(away)
        else:
            if said:
                log.warning("%s answers again", hide_password(uri))
            return result
        if time.monotonic() + pause > deadline:
            waited = f" in {patience:g} s" if patience else ""
            raise ConfigError(f"tracking.uri={hide_password(uri)}: no answer{waited} ({why}); {how_to_start(uri)}")
        if not said:
            log.warning("%s does not answer (%s): waiting up to %g s for it", hide_password(uri), why, patience)
            said = True
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


class PatientClient:
    """An MlflowClient whose calls wait for a store that has gone away.

    What would be there twice if it were done twice, `create_...` and `log_outputs`, is tried once: `AwayError`.

    Args:
        plain: MLflow's own client.
        uri: of the store.
        patience: seconds that a call waits at most.
    """

    def __init__(self, plain: MlflowClient, uri: str, patience: float) -> None:
        self.plain = plain
        self.patience = patience
        self._uri = uri

    def __getattr__(self, name: str) -> Any:
        member = getattr(self.plain, name)
        if not callable(member):
            return member

        @functools.wraps(member)
        def call(*args: Any, **kwargs: Any) -> Any:
            ask = functools.partial(member, *args, **kwargs)
            if name.startswith("create_") or name == "log_outputs":
                return attempt(ask)
            return patiently(ask, self._uri, self.patience)

        return call
