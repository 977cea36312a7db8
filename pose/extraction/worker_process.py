"""Extraction in a process of its own, so that the calling one need not load OpenMMLab."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection

from pose.errors import DataError
from pose.extraction.components import PoseComponents
from pose.extraction.run import FootageEntry, check, extract, prepare
from pose.extraction.store import KeypointStore


def extract_in_subprocess(
    footage: Sequence[FootageEntry],
    store: KeypointStore,
    components: PoseComponents,
    fps: float,
    num_threads: int | None,
) -> None:
    """Find everybody in videos, as extract.py does.

    Args:
        footage: what is wanted.
        store: for these components.
        components: what finds people.
        fps: frames a second of folders of pictures.
        num_threads: of the CPU; None leaves it to PyTorch.

    Raises:
        DataError: some videos cannot be read, which are listed before; weights cannot be had; the store cannot be
            written; or the process was killed. What was found until then is in the store.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(
        target=_extract, args=(footage, store, components, fps, num_threads, sender), name="extraction"
    )
    process.start()
    sender.close()  # so that the pipe ends with the process
    try:
        mistake = _receive(receiver)
        process.join()
    finally:
        process.kill()  # where this one was interrupted; its segments stay
    if mistake is None:
        mistake = f"key points are not all there: {_describe_exit(process.exitcode or 0)}"
    if mistake:
        raise DataError(mistake)


def _receive(pipe: Connection) -> str | None:
    """Return the process's last message, "" where all went well; None where it ended without one."""
    try:
        return str(pipe.recv())
    except EOFError:
        return None


def _describe_exit(exit_code: int) -> str:
    """Return what happened and what to type, for a process that ended without a message."""
    if exit_code < 0:
        return (
            f"their extraction was killed by {_signal_name(-exit_code)}: type the same again to go on, and if memory "
            "ran out, with lower `people_per_batch` and `frames_per_batch` (a lower `detect_every` also takes "
            "less, but begins anew)"
        )
    return f"their extraction ended with exit status {exit_code}: see above, and type the same again to go on"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # SIGRTMIN+1 and the like
        return f"signal {number}"


def _extract(
    footage: Sequence[FootageEntry],
    store: KeypointStore,
    components: PoseComponents,
    fps: float,
    num_threads: int | None,
    sender: Connection,
) -> None:
    """Run the extraction in the process."""
    from pose.openmmlab.devices import set_threads

    mistake = ""
    try:
        prepare(footage, store, components)
        set_threads(num_threads)
        check(extract(footage, store, components, fps))
    except DataError as error:
        mistake = str(error)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    with suppress(BrokenPipeError):  # the parent process is gone
        sender.send(mistake)
