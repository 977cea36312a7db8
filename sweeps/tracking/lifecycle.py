"""The life of one MLflow run in this process: whatever ends the block, the run's status is true afterwards."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sweeps.errors import ConfigError
from sweeps.runtime.process import SLURM_JOB, process_tags
from sweeps.runtime.signals import Terminated, held_signals, termination_raises, was_interrupted
from sweeps.tracking import events
from sweeps.tracking.logged_model import CREATION_TAG
from sweeps.tracking.retry import call_until_answered, first_line
from sweeps.tracking.send import send_command
from sweeps.tracking.store import Store
from sweeps.tracking.uri import hide_password, is_remote

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from sweeps.tracking.outbox import Sink

log = logging.getLogger(__name__)

_PAUSE = 0.5  # seconds between tries at the end of a run


def describe_error(error: BaseException) -> str:
    """Return the exception's name and the first line of its message."""
    text = first_line(error)
    return f"{type(error).__name__}: {text}"[:500] if text else type(error).__name__


def set_tags(store: Store, run_id: str, tags: Mapping[str, str]) -> None:
    """Set tags of a run in one write."""
    from mlflow.entities import RunTag

    store.client.log_batch(run_id, tags=[RunTag(key, str(value)) for key, value in tags.items()])


class OpenRun:
    """A run that this process writes to; `opened_run` opens and closes it.

    Args:
        store: where it is or will be.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.run_id = ""
        self._verdict: tuple[str, str | None] | None = None
        self._closed = True
        self._owner = 0  # pid
        self._duplicate_token: str | None = None  # of a run that may have been created twice

    def create(self, name: str, tags: Mapping[str, str], params: Mapping[str, str]) -> None:
        """Create the run in the store, status RUNNING.

        Raises:
            ConfigError: a store that is unavailable did not come back in time.
        """
        store, token, tries = self.store, uuid.uuid4().hex, 0
        began, remote = int(time.time() * 1000), is_remote(store.uri)
        own = {**tags, **process_tags(), **({CREATION_TAG: token} if remote else {})}

        def find_or_create() -> None:
            """Create one run in however many tries: a request whose answer was lost may have been carried out."""
            nonlocal tries
            tries += 1
            with held_signals():
                run_ids = self._runs_created_by(store.mlflow_client, token) if tries > 1 else []
                if not run_ids:
                    run = store.mlflow_client.create_run(store.experiment_id, began, own, name)
                    run_ids = [run.info.run_id]
                self._start_writing(run_ids[0])

        if remote:
            call_until_answered(find_or_create, store.uri, store.patience, store.timeout)
            self._duplicate_token = token if tries > 1 else None
        with held_signals():
            if not remote:
                find_or_create()
            if params:
                self._sink.put(events.params(params))

    def _runs_created_by(self, client: MlflowClient, token: str) -> list[str]:
        runs = client.search_runs([self.store.experiment_id], f"tags.{CREATION_TAG} = '{token}'")
        return [run.info.run_id for run in runs]

    def _delete_duplicate(self) -> None:
        """Delete the run that a request has created which seemed lost, and was carried out after it was repeated."""
        if self._duplicate_token is not None:
            for run_id in self._runs_created_by(self.store.client, self._duplicate_token):
                if run_id != self.run_id:
                    self.store.client.delete_run(run_id)

    def reopen(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Continue a run of the store: RUNNING again, in this process, its params unchanged."""
        self.run_id = run_id
        self._flush()  # what the process before this one could not send
        before, own = self.store.client.get_run(run_id).data.tags, {**tags, **process_tags()}
        with held_signals():
            self._sink.put(events.tags(own))
            for key in ("error", SLURM_JOB):  # of the process before this one
                if key in before and key not in own:
                    self._sink.put(events.without_tag(key))
            self._sink.put(events.status("RUNNING"))
            self._start_writing(run_id)

    @property
    def _sink(self) -> Sink:
        return self.store.sink(self.run_id)

    def _start_writing(self, run_id: str) -> None:
        self.run_id = run_id
        self._closed = False
        self._owner = os.getpid()  # loader processes are forks of this one, and inherit what is open
        # a second Ctrl-C can fall between the first one and the block that would have closed the run
        atexit.register(self._close_at_exit)

    def end_as(self, status: str, error: str | None = None) -> None:
        """Fix the status, FINISHED, FAILED or KILLED, that the run will have whatever exception ends the block."""
        self._verdict = (status, error)

    def close(self, status: str, error: str | None = None, *, redeliver: bool = True) -> None:
        """Write the status; a second call does nothing. Signals wait until it is written.

        Args:
            status: FINISHED, FAILED or KILLED.
            error: what went wrong, for the tag ``error``.
            redeliver: raise afterwards what a signal that came meanwhile would have raised.
        """
        if self._closed or os.getpid() != self._owner:
            return
        status, error = self._verdict or (status, error)
        with held_signals(redeliver=redeliver):
            if error is not None:
                self._sink.put(events.tags({"error": error}))
            self._sink.put(events.status(status, int(time.time() * 1000)))
            self._closed = True
            atexit.unregister(self._close_at_exit)
        if status != "KILLED":  # a user who interrupts a run does not wait
            self._flush()
            self._delete_duplicate()

    def _flush(self) -> None:
        """Wait until all that was written to the run is in the store.

        Raises:
            ConfigError: it is not, after `Store.patience` seconds; the message names the command that sends it.
        """
        store, deadline, has_warned = self.store, time.monotonic() + self.store.patience, False
        while not self._sink.flush():
            if time.monotonic() > deadline:
                raise ConfigError(
                    f"{hide_password(store.uri)} has not answered for {store.patience:g} s; what run {self.run_id} has "
                    f"to say is kept in {store.output_dir / 'runs' / self.run_id}, and sent by the next command on "
                    f"this machine that uses the same tracking, or by: {send_command(store)}"
                )
            if not has_warned:
                log.warning("waiting up to %g s for %s", store.patience, hide_password(store.uri))
                has_warned = True
            time.sleep(_PAUSE)

    def close_after(self, error: BaseException) -> None:
        """Write the status that an exception means: FAILED for an error, KILLED for an interrupt or an exit."""
        failed = isinstance(error, Exception)
        try:
            self.close(
                "FAILED" if failed else "KILLED",
                describe_error(error) if failed else None,
                redeliver=not was_interrupted(error),
            )
        except ConfigError as unsent:  # the first error is the one to raise
            log.warning("%s", unsent)
        except Exception:
            log.exception("The status of run %s could not be written.", self.run_id)

    def _close_at_exit(self) -> None:
        self.close("KILLED", redeliver=False)


@contextlib.contextmanager
def opened_run(
    store: Store,
    *,
    name: str,
    tags: Mapping[str, str],
    params: Mapping[str, str] | None = None,
    resume_id: str | None = None,
) -> Iterator[OpenRun]:
    """Open a run for the block, and close it FINISHED, FAILED (an Exception) or KILLED (anything else that is raised).

    SIGTERM and SIGHUP raise `Terminated` within the block.

    Args:
        store: where.
        name: the run's name, unless it is resumed.
        tags: tags beside those that name the process.
        params: params of a new run.
        resume_id: id of a run to continue instead of creating one.
    """
    run = OpenRun(store)
    with termination_raises():
        try:
            if resume_id is None:
                run.create(name, tags, params or {})
            else:
                run.reopen(resume_id, tags)
            yield run
            run.close("FINISHED")
        except BaseException as error:
            run.close_after(error)
            if isinstance(error, SystemExit) and not isinstance(error, Terminated) and was_interrupted(error):
                raise KeyboardInterrupt from None  # Lightning made an exit with status 1 of it
            raise
