"""One MLflow run, open: whatever happens in the block, its status is true afterwards."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import time
from collections.abc import Iterator, Mapping

from sweeps.tracking.process import SLURM_JOB, process_tags
from sweeps.tracking.signals import Terminated, held_signals, termination_raises, was_interrupted
from sweeps.tracking.store import Store

log = logging.getLogger(__name__)

_PER_BATCH = 100  # params or tags that MLflow takes in one call


def one_line(error: BaseException) -> str:
    """Say in one line what went wrong: the exception's name and the first line of its message."""
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}"[:500] if text else type(error).__name__


def set_tags(store: Store, run_id: str, tags: Mapping[str, str]) -> None:
    """Set tags of a run in one write."""
    from mlflow.entities import RunTag

    store.client.log_batch(run_id, tags=[RunTag(key, str(value)) for key, value in tags.items()])


class OpenRun:
    """A run that this process writes to; `opened_run` makes one and closes it."""

    def __init__(self, store: Store) -> None:
        """Open nothing yet."""
        self.store = store
        self.run_id = ""
        self._verdict: tuple[str, str | None] | None = None
        self._closed = True
        self._owner = 0

    def create(self, name: str, tags: Mapping[str, str], params: Mapping[str, str]) -> None:
        """Make the run in the store, status RUNNING."""
        from mlflow.entities import Param

        client = self.store.client
        self.run_id = client.create_run(
            self.store.experiment_id, tags={**tags, **process_tags()}, run_name=name
        ).info.run_id
        self._stay_open()
        entries = [Param(key, value) for key, value in params.items()]
        for start in range(0, len(entries), _PER_BATCH):
            client.log_batch(self.run_id, params=entries[start : start + _PER_BATCH])

    def reopen(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Go on with a run of the store: RUNNING again, in this process, its params untouched."""
        self.run_id = run_id
        own = {**tags, **process_tags()}
        set_tags(self.store, run_id, own)
        for key in self.store.client.get_run(run_id).data.tags:
            if key in ("error", SLURM_JOB) and key not in own:  # of the process before this one
                self.store.client.delete_tag(run_id, key)
        self.store.client.update_run(run_id, status="RUNNING")
        self._stay_open()

    def _stay_open(self) -> None:
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
                set_tags(self.store, self.run_id, {"error": error})
            self.store.client.set_terminated(self.run_id, status, int(time.time() * 1000))
            self._closed = True
            atexit.unregister(self._close_at_exit)

    def close_after(self, error: BaseException) -> None:
        """Write the status that an exception means: FAILED for an error, KILLED for an interrupt or an exit."""
        failed = isinstance(error, Exception)
        try:
            self.close(
                "FAILED" if failed else "KILLED",
                one_line(error) if failed else None,
                redeliver=not was_interrupted(error),
            )
        except Exception:  # the first error is the one to raise
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
        resume_id: id of a run to go on with instead of making one.
    """
    run = OpenRun(store)
    with termination_raises():
        try:
            with held_signals():
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
