"""Calls to a store that is another process: each bounded in time, and repeated where that is safe.

MLflow's own retries are switched off: they exist for servers but not for databases, wait silently, and also repeat
requests that must not be carried out twice.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from sweeps.errors import ConfigError
from sweeps.runtime.loggers import logger_level
from sweeps.tracking.mlflow_internals import DATABASE_LOGGER
from sweeps.tracking.uri import hide_password, how_to_start

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

# The methods of MlflowClient that `RetryingClient` repeats when an answer was lost; every other one is called once.
_READS = """
download_artifacts list_artifacts list_logged_model_artifacts
get_experiment get_experiment_by_name get_logged_model get_metric_history get_run
search_experiments search_logged_models search_runs
"""
_IDEMPOTENT_WRITES = "delete_run log_artifact log_batch log_text set_terminated update_run"
REPEATABLE = frozenset((_READS + _IDEMPOTENT_WRITES).split())
# What else we call, and where a lost answer is handled (a test keeps both lists complete):
# create_run           lifecycle.py finds the run by a token
# create_logged_model  logged_model.py finds the model by a token
# create_experiment    store.py looks for the experiment when the name is taken
# delete_tag           events.py looks whether the tag is there
# log_outputs          logged_model.py looks whether the run has the output

READ_TIMEOUT = 30.0  # seconds: a search through many runs is slow
_PAUSE, _LONGEST_PAUSE = 0.25, 5.0  # seconds between tries
_UNAVAILABLE_STATUS = (408, 429, 500, 502, 503, 504)  # of a server that is there, but cannot answer now
_UNAVAILABLE_CODES = ("TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED")
_KNOWN_REASONS = (
    r"Connection refused|timed out|Connection aborted|Connection reset|Name or service not known|"
    r"too many \d+ error responses|FATAL: .*"
)
T = TypeVar("T")


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message."""
    return str(error).strip().partition("\n")[0]


class StoreUnavailableError(Exception):
    """The store did not answer. Whether it did what it was asked to do is not known."""


def unavailable_reason(error: BaseException | None) -> str | None:
    """Return in a few words why a store could not answer; None where an error means something else."""
    import requests
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import InterfaceError, OperationalError

    while error is not None:
        if isinstance(error, requests.HTTPError):
            status = error.response.status_code if error.response is not None else 0
            return f"HTTP status {status}" if status in _UNAVAILABLE_STATUS else None
        if isinstance(error, requests.RequestException):
            return _shorten(error)
        if isinstance(error, OperationalError | InterfaceError):
            return _shorten(error.orig or error)
        if isinstance(error, MlflowException) and error.error_code in _UNAVAILABLE_CODES:
            return _shorten(error.__cause__ or error)
        error = error.__cause__ or error.__context__
    return None


def _shorten(error: BaseException) -> str:
    text = first_line(error)
    known = re.search(_KNOWN_REASONS, text)
    return hide_password(known[0] if known else text or type(error).__name__)[:200]


@contextlib.contextmanager
def _single_requests(timeout: float) -> Iterator[None]:
    """Have MLflow send each request once, and wait so many seconds for its answer."""
    settings = {
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": str(max(1, round(timeout))),
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "PGCONNECT_TIMEOUT": str(max(2, round(timeout))),  # libpq takes 1 for 2
    }
    before = {name: os.environ[name] for name in settings.keys() & os.environ.keys()}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name in settings:
            os.environ.pop(name, None)
        os.environ.update(before)


def call_once(call: Callable[[], T], timeout: float = READ_TIMEOUT) -> T:
    """Call a function that talks to a store, without retries.

    Args:
        call: the function.
        timeout: seconds that each request in it may take.

    Raises:
        StoreUnavailableError: the store did not answer in time.
    """
    try:
        # MLflow would print a traceback of what the caller reports in a line
        with _single_requests(timeout), logger_level(logging.CRITICAL, DATABASE_LOGGER):
            return call()
    except Exception as error:
        reason = unavailable_reason(error)
        if reason is None:
            raise
    raise StoreUnavailableError(reason)


def call_until_answered(call: Callable[[], T], uri: str, patience: float, timeout: float = READ_TIMEOUT) -> T:
    """Call a function that may be repeated until the store answers; warn once that the store is waited for.

    Args:
        call: the function.
        uri: of the store.
        patience: seconds from the first try to the last.
        timeout: seconds that each request may take.

    Raises:
        ConfigError: no try was answered; the message names the command that starts the store.
    """
    deadline, pause, has_warned = time.monotonic() + patience, _PAUSE, False
    while True:
        try:
            result = call_once(call, timeout)
        except StoreUnavailableError as error:
            reason = str(error)
        else:
            if has_warned:
                log.warning("%s answers again", hide_password(uri))
            return result
        if time.monotonic() + pause > deadline:
            waited = f" in {patience:g} s" if patience else ""
            raise ConfigError(f"tracking.uri={hide_password(uri)}: no answer{waited} ({reason}); {how_to_start(uri)}")
        if not has_warned:
            log.warning("%s does not answer (%s): waiting up to %g s for it", hide_password(uri), reason, patience)
            has_warned = True
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


class RetryingClient:
    """An MlflowClient whose `REPEATABLE` methods wait for a store that is unavailable.

    Its other methods are called once, and raise `StoreUnavailableError`.

    Args:
        client: MLflow's own.
        uri: of the store.
        patience: seconds that a call waits at most.
    """

    def __init__(self, client: MlflowClient, uri: str, patience: float) -> None:
        self.mlflow_client = client
        self.patience = patience
        self._uri = uri

    def __getattr__(self, name: str) -> Any:
        member = getattr(self.mlflow_client, name)
        if not callable(member):
            return member

        def call(*args: Any, **kwargs: Any) -> Any:
            request = functools.partial(member, *args, **kwargs)
            if name in REPEATABLE:
                return call_until_answered(request, self._uri, self.patience)
            return call_once(request)

        return call
