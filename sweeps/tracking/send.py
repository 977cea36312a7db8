"""Sends what runs of ended processes could not say: ``python -m sweeps.tracking.send URI OUTPUT_DIR``.

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
from sweeps.tracking.journal import OUTBOX, Content, read_outbox
from sweeps.tracking.outbox import Outbox
from sweeps.tracking.retry import can_go_away, hide_password

if TYPE_CHECKING:
    from sweeps.tracking.store import Store

log = logging.getLogger(__name__)


def send_command(store: Store) -> str:
    """Say what to type to have sent what could not be sent."""
    return shlex.join(["python", "-m", "sweeps.tracking.send", hide_password(store.uri), str(store.output_dir)])


def send_left_behind(store: Store, *, of_all: bool = False) -> list[str]:
    """Send what runs whose process has gone had still to say.

    Args:
        store: where to.
        of_all: also of processes on other machines, which cannot be looked for, and of runs that knew the store by
            another address. Otherwise of this machine and this address.

    Returns:
        Ids of the runs of which nothing waits any more.
    """
    if not can_go_away(store.uri):
        return []
    done = []
    for file in sorted((store.output_dir / "runs").glob(f"*/{OUTBOX}")):
        content = read_outbox(file)
        if content is None or not _is_left(content, store.uri, of_all=of_all):
            continue
        run_id = file.parent.name
        outbox = Outbox(file.parent, run_id, store.plain, store.uri, store.timeout)
        if _send_all(outbox):
            done.append(run_id)
        elif outbox.is_away:
            break
    return done


def _is_left(content: Content, uri: str, *, of_all: bool) -> bool:
    if content.owner.get("host") == socket.gethostname():
        return not is_alive(content.owner) and (of_all or content.uri == hide_password(uri))
    return of_all


def _send_all(outbox: Outbox) -> bool:
    """Send what an outbox holds; what the store refuses for good is told and left out."""
    while True:
        before = read_outbox(outbox.file)
        try:
            return outbox.flush()
        except Exception as error:  # of one run; the others are to be sent
            log.warning("run %s: not written: %s", outbox.run_id, str(error).strip().partition("\n")[0])
        after = read_outbox(outbox.file)
        if before is None or after is None or len(after.waiting) >= len(before.waiting):
            return False


def main(arguments: Sequence[str]) -> None:
    """Send what is left in an output folder.

    Raises:
        ConfigError: wrong arguments, or the store cannot be reached.
    """
    from omegaconf import OmegaConf

    from sweeps.tracking.store import open_existing_store

    if len(arguments) != 2:
        raise ConfigError("type: python -m sweeps.tracking.send URI OUTPUT_DIR")
    tracking = OmegaConf.create({"uri": arguments[0], "experiment": "Default"})
    store = open_existing_store(tracking, arguments[1])
    sent = send_left_behind(store, of_all=True)
    left = sum(1 for _ in (Path(arguments[1]) / "runs").glob(f"*/{OUTBOX}"))
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
