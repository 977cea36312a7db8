"""Where an MLflow write waits for a server that is unavailable.

`Store.sink` returns what a run writes to: `Outbox` where the store is another process, `DirectSink` where it is a file.
An outbox keeps each write on disk (journal.py) until the store has answered, so that training goes on meanwhile and
the next command can send what a killed process could not (send.py). What can be written is in events.py.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeps.runtime.process import process_tags
from sweeps.tracking import events
from sweeps.tracking.events import Write
from sweeps.tracking.journal import Journal, Pending, bytes_of
from sweeps.tracking.retry import StoreUnavailableError, call_once
from sweeps.tracking.uri import hide_password

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

_SHORTEST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # seconds between tries
_SLOWEST_UPLOAD = 1e6  # bytes a second
_PAUSE_PER_TRY = 10  # a try that took a second is followed by so many without one: training loses at most a tenth
# Error codes of a store that has understood, and will answer the same again: the run was deleted, a param has another
# value.
_REFUSALS = ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS", "INVALID_STATE")


class Outbox:
    """The writes of one run to a store that can be unavailable: sent in their order, nothing lost, nothing twice.

    Args:
        folder: of the run.
        run_id: its id.
        client: MLflow's own.
        uri: of the store.
        timeout: seconds that sending may delay the caller, more or less.

    Attributes:
        is_unavailable: the store did not answer the last time.
    """

    def __init__(self, folder: Path, run_id: str, client: MlflowClient, uri: str, timeout: float) -> None:
        self.run_id = run_id
        self.is_unavailable = False
        self._folder = folder
        self._journal = Journal(folder)
        self.file = self._journal.file
        self._client = client
        self._uri = hide_password(uri)
        self._timeout = timeout
        self._next_try = 0.0  # by the monotonic clock
        self._pause = _SHORTEST_PAUSE

    def put(self, write: Write) -> None:
        """Keep a write, then send all that is pending, unless the store did not answer a moment ago."""
        with self._locked():
            before, owner = self.pending(), process_tags()
            lines = [] if before.owner == owner else [{"owner": owner, "uri": self._uri}]
            self._journal.append(*lines, {"write": self._journal.with_copied_file(write)})
            if time.monotonic() >= self._next_try:
                with contextlib.suppress(StoreUnavailableError):
                    self._send_all(time.monotonic() + self._timeout, is_retry=bool(before.writes))

    def flush(self) -> bool:
        """Send all that is pending.

        Returns:
            Whether nothing is pending any more.
        """
        if not self.file.exists():
            return True
        with self._locked(), contextlib.suppress(StoreUnavailableError):
            self._send_all(float("inf"), is_retry=True)
        return not self.file.exists()

    def pending(self) -> Pending:
        """Return what is not in the store yet."""
        return self._journal.read()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Exclude other processes of this host, such as a command that sends the writes of dead ones."""
        from filelock import FileLock

        with FileLock(self._folder / ".outbox.lock"):
            yield

    def _send_all(self, deadline: float, *, is_retry: bool) -> None:
        """Send what is pending, and begin nothing after a deadline by the monotonic clock."""
        _, _, pending, sent = self.pending()
        while pending and time.monotonic() < deadline:
            count, write = _first_call(pending)
            pending, sent = pending[count:], sent + count
            self._send(write, sent, is_retry=is_retry)
        if not pending:
            self._journal.remove()

    def _send(self, write: Write, sent: int, *, is_retry: bool) -> None:
        """Send a write, after which so many are sent."""
        from mlflow.exceptions import MlflowException

        began = time.monotonic()
        try:
            self._request(write, is_retry=is_retry)
        except StoreUnavailableError as error:
            self._note_no_answer(error, time.monotonic() - began)
            raise
        except MlflowException as error:
            if error.error_code in _REFUSALS:
                self._journal.append({"sent": sent})
            raise
        self._journal.append({"sent": sent})
        self._note_answer()

    def _request(self, write: Write, *, is_retry: bool) -> None:
        content, timeout = dict(write.content), self._timeout
        if "file" in content:
            path = self._folder / content["file"]
            content["file"], timeout = str(path), timeout + bytes_of(path) / _SLOWEST_UPLOAD
        write = Write(write.kind, content)
        call_once(lambda: events.send(self._client, self.run_id, write, is_retry=is_retry), timeout)

    def _note_no_answer(self, error: StoreUnavailableError, seconds: float) -> None:
        self._pause = min(2 * self._pause, _LONGEST_PAUSE) if self.is_unavailable else _SHORTEST_PAUSE
        self._next_try = time.monotonic() + min(max(self._pause, _PAUSE_PER_TRY * seconds), _LONGEST_PAUSE)
        if not self.is_unavailable:
            log.warning("%s does not answer (%s): what the run has to say is kept in %s", self._uri, error, self.file)
        self.is_unavailable = True

    def _note_answer(self) -> None:
        self._next_try = 0.0
        if self.is_unavailable:
            log.warning("%s answers again: what was kept is being sent", self._uri)
        self.is_unavailable = False


def _first_call(pending: Sequence[Write]) -> tuple[int, Write]:
    """Merge the first writes that fit into one call; return how many they are, and the merged write."""
    rows: list[Any] = []
    for count, write in enumerate(pending):
        if write.kind != "metrics" or (rows and len(rows) + len(write.content["rows"]) > events.METRICS_PER_CALL):
            return (count, events.metrics(rows)) if count else (1, write)
        rows += write.content["rows"]
    return len(pending), events.metrics(rows)


class DirectSink:
    """The writes of one run to a store that is a file: each is in it at once."""

    def __init__(self, client: MlflowClient, run_id: str) -> None:
        """Write through a client to a run."""
        self._client = client
        self._run_id = run_id

    def put(self, write: Write) -> None:
        """Send a write."""
        events.send(self._client, self._run_id, write, is_retry=False)

    def flush(self) -> bool:
        """Return True: nothing is ever pending."""
        return True


Sink = Outbox | DirectSink
