"""Where the writes of a run go: into a store that is a file at once, else through an outbox, which outlives both."""

from __future__ import annotations

import contextlib
import logging
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeps.runtime.process import process_tags
from sweeps.tracking import events
from sweeps.tracking.events import Write
from sweeps.tracking.journal import FILES, OUTBOX, append_lines, read_outbox, sync
from sweeps.tracking.retry import AwayError, attempt, hide_password

if TYPE_CHECKING:
    from mlflow import MlflowClient

log = logging.getLogger(__name__)

_LONGEST_SILENCE = 60.0  # seconds between tries
_SLOWEST = 1e6  # bytes a second at which a file may go
_SHARE = 10  # a try that took a second is followed by so many without one: training loses a tenth of its time at most
# What a store says that has understood, and will say again: the run was deleted, a param has another value.
_REFUSALS = ("INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST", "RESOURCE_ALREADY_EXISTS", "INVALID_STATE")


class Outbox:
    """Where a run's writes go whose store can go away.

    Args:
        folder: of the run.
        run_id: its id.
        client: MLflow's own.
        uri: of the store.
        timeout: seconds that sending may hold up whoever writes, more or less.

    Attributes:
        is_away: the store did not answer the last time.
    """

    def __init__(self, folder: Path, run_id: str, client: MlflowClient, uri: str, timeout: float) -> None:
        self.folder = folder
        self.run_id = run_id
        self.file = folder / OUTBOX
        self._client = client
        self._uri = hide_password(uri)
        self._timeout = timeout
        self._next_try = 0.0  # by the monotonic clock
        self._silence = 1.0
        self.is_away = False

    def put(self, write: Write) -> None:
        """Keep a write, then send it with all that waits, unless the store did not answer a moment ago."""
        with self._locked():
            is_first = self._append(write)
            if time.monotonic() >= self._next_try:
                with contextlib.suppress(AwayError):
                    self._flush(time.monotonic() + self._timeout, fresh=is_first)

    def flush(self) -> bool:
        """Send all that waits.

        Returns:
            Whether nothing waits any more.
        """
        if not self.file.exists():
            return True
        with self._locked(), contextlib.suppress(AwayError):
            self._flush(float("inf"))
        return not self.file.exists()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other processes of this host off, such as a command that sends what dead ones have left."""
        from filelock import FileLock

        with FileLock(self.folder / ".outbox.lock"):
            yield

    def _append(self, write: Write) -> bool:
        """Write to disk; tells whether nothing else waited."""
        before = read_outbox(self.file)
        lines: list[dict[str, Any]] = []
        if before is None or before.owner != process_tags():
            lines.append({"owner": process_tags(), "uri": self._uri})
        lines.append({"write": self._with_own_files(write)})
        append_lines(self.file, lines, is_new=before is None)
        return before is None or not before.waiting

    def _with_own_files(self, write: Write) -> Write:
        """Copy the file or folder that a write names, which may be gone or changed when it is sent."""
        if "file" not in write.content:
            return write
        source, token = Path(write.content["file"]), uuid.uuid4().hex
        target = self.folder / FILES / token / source.name
        target.parent.mkdir(parents=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
        for path in (target, *target.rglob("*")):
            if path.is_file():
                sync(path)
        own = {"file": str(target.relative_to(self.folder))}
        return write._replace(content={**write.content, **own, **({"token": token} if write.kind == "model" else {})})

    def _flush(self, deadline: float, *, fresh: bool = False) -> None:
        """Send what waits, in its order, until a deadline by the monotonic clock.

        Args:
            deadline: begin nothing after it.
            fresh: what waits is one write that nobody has tried to send.
        """
        content = read_outbox(self.file)
        if content is None:  # another process has sent all of it meanwhile
            return
        waiting, sent = content.waiting, content.sent
        while waiting and time.monotonic() < deadline:
            count, write = _together(waiting)
            self._send(write, sent + count, again=not fresh)
            waiting, sent = waiting[count:], sent + count
        if not waiting:
            self.file.unlink(missing_ok=True)
            shutil.rmtree(self.folder / FILES, ignore_errors=True)

    def _send(self, write: Write, sent: int, *, again: bool) -> None:
        from mlflow.exceptions import MlflowException

        content, timeout = dict(write.content), self._timeout
        if "file" in content:
            path = self.folder / content["file"]
            content["file"], timeout = str(path), timeout + _bytes_of(path) / _SLOWEST
        whole = Write(write.kind, content)
        began = time.monotonic()
        try:
            attempt(lambda: events.send(self._client, self.run_id, whole, again=again), timeout)
        except AwayError as away:
            self._note_away(away, time.monotonic() - began)
            raise
        except MlflowException as error:
            if error.error_code in _REFUSALS:
                append_lines(self.file, [{"sent": sent}])
            raise
        append_lines(self.file, [{"sent": sent}])
        self._note_answer()

    def _note_away(self, away: AwayError, seconds: float) -> None:
        self._silence = min(2 * self._silence, _LONGEST_SILENCE) if self.is_away else 1.0
        self._next_try = time.monotonic() + min(max(self._silence, _SHARE * seconds), _LONGEST_SILENCE)
        if not self.is_away:
            log.warning("%s does not answer (%s): what the run has to say is kept in %s", self._uri, away, self.file)
        self.is_away = True

    def _note_answer(self) -> None:
        self._next_try = 0.0
        if self.is_away:
            log.warning("%s answers again: what was kept is being sent", self._uri)
        self.is_away = False


def _bytes_of(path: Path) -> int:
    return sum(file.stat().st_size for file in (path, *path.rglob("*")) if file.is_file())


def _together(waiting: Sequence[Write]) -> tuple[int, Write]:
    """Give the first writes that fit into one call, as one, and how many they are."""
    rows: list[Any] = []
    for count, write in enumerate(waiting):
        if write.kind != "metrics" or (rows and len(rows) + len(write.content["rows"]) > events.METRICS_PER_CALL):
            return (count, events.metrics(rows)) if count else (1, write)
        rows += write.content["rows"]
    return len(waiting), events.metrics(rows)


class Direct:
    """Where a run's writes go whose store is a file: into it, at once."""

    def __init__(self, client: MlflowClient, run_id: str) -> None:
        """Write through a client to a run."""
        self._send: Callable[[Write], None] = lambda write: events.send(client, run_id, write, again=False)

    def put(self, write: Write) -> None:
        """Send a write."""
        self._send(write)

    def flush(self) -> bool:
        """Nothing ever waits."""
        return True
