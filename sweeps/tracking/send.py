"""Send the outboxes of runs whose process has ended: ``python -m sweeps.tracking.send URI OUTPUT_DIR``.

Every command that opens the store does so for the runs of its own machine; this also does for those of others.
"""

from __future__ import annotations

import logging
import shlex
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.errors import ConfigError
from sweeps.runtime.process import is_alive
from sweeps.tracking.journal import OUTBOX, Pending
from sweeps.tracking.outbox import Outbox
from sweeps.tracking.retry import first_line
from sweeps.tracking.uri import hide_password, is_remote

if TYPE_CHECKING:
    from sweeps.tracking.store import Store

log = logging.getLogger(__name__)


def send_command(store: Store) -> str:
    """Return the command that sends what could not be sent."""
    return shlex.join(["python", "-m", "sweeps.tracking.send", hide_password(store.uri), str(store.output_dir)])


def send_left_behind(store: Store, *, of_all: bool = False) -> list[str]:
    """Send what is pending of runs whose process has ended.

    Args:
        store: where to.
        of_all: also of processes on other machines, which may be alive, and of runs that knew the store by another
            address. Otherwise of this machine and this address.

    Returns:
        Ids of the runs of which nothing is pending any more.
    """
    if not is_remote(store.uri):
        return []
    done = []
    for file in _outbox_files(store.output_dir):
        outbox = Outbox(file.parent, file.parent.name, store.mlflow_client, store.uri, store.timeout)
        if not _is_left_behind(outbox.pending(), store.uri, of_all=of_all):
            continue
        if _send_all(outbox):
            done.append(outbox.run_id)
        elif outbox.is_unavailable:
            break
    return done


def _outbox_files(output_dir: Path) -> list[Path]:
    return sorted((output_dir / "runs").glob(f"*/{OUTBOX}"))


def _is_left_behind(pending: Pending, uri: str, *, of_all: bool) -> bool:
    if pending.owner.get("host") == socket.gethostname():
        return not is_alive(pending.owner) and (of_all or pending.uri == hide_password(uri))
    return of_all


def _send_all(outbox: Outbox) -> bool:
    """Send what an outbox holds; warn about each write that the store refuses for good, and skip it."""
    while True:
        count = len(outbox.pending().writes)
        try:
            return outbox.flush()
        except Exception as error:  # of one run; the others are to be sent
            log.warning("run %s: not written: %s", outbox.run_id, first_line(error))
        if len(outbox.pending().writes) >= count:
            return False


def main(arguments: Sequence[str]) -> None:
    """Send the outboxes in an output folder.

    Raises:
        ConfigError: wrong arguments, or the store cannot be reached.
    """
    from omegaconf import OmegaConf

    from sweeps.tracking.store import open_existing_store

    if len(arguments) != 2:
        raise ConfigError("type: python -m sweeps.tracking.send URI OUTPUT_DIR")
    tracking = OmegaConf.create({"uri": arguments[0], "experiment": "Default"})
    sent = send_left_behind(open_existing_store(tracking, arguments[1]), of_all=True)
    left = len(_outbox_files(Path(arguments[1])))
    print(
        f"{len(sent)} runs sent" + (f", {left} wait still: their processes live, or the store refused" if left else "")
    )


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s")
    try:
        main(sys.argv[1:])
    except ConfigError as mistake:
        print(f"error: {mistake}", file=sys.stderr)
        raise SystemExit(1) from mistake
