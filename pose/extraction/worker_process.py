"""An extraction in a process of its own, so that the one that wants key points need not load OpenMMLab."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection

from pose.errors import DataError
from pose.extraction.components import Parts
from pose.extraction.run import Found, check, extract, prepare
from pose.extraction.store import KeypointStore


def extract_apart(
    footage: Sequence[Found], store: KeypointStore, parts: Parts, fps: float, num_threads: int | None
) -> None:
    """Finds everybody in videos, as extract.py does.

    Args:
        footage: what is wanted.
        store: for these parts.
        parts: what finds people.
        fps: frames a second of folders of pictures.
        num_threads: of the CPU; None leaves it to PyTorch.

    Raises:
        DataError: some videos cannot be read, which are listed before; weights cannot be had; the store cannot be
            written; or the process was killed. What was found until then is in the store.
    """
    context = multiprocessing.get_context("spawn")
    hears, tells = context.Pipe(duplex=False)
    process = context.Process(target=_extract, args=(footage, store, parts, fps, num_threads, tells), name="extraction")
    process.start()
    tells.close()  # so that the pipe ends with the process
    try:
        mistake = _hear(hears)
        process.join()
    finally:
        process.kill()  # where this one was interrupted; its segments stay
    if mistake is None:
        mistake = f"key points are not all there: {_how_it_ended(process.exitcode or 0)}"
    if mistake:
        raise DataError(mistake)


def _hear(pipe: Connection) -> str | None:
    """What the process says in the end, "" where all went well; None where it ended without a word."""
    try:
        return str(pipe.recv())
    except EOFError:
        return None


def _how_it_ended(exit_code: int) -> str:
    """What happened and what to type, for a process that did not get to say it."""
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
    footage: Sequence[Found],
    store: KeypointStore,
    parts: Parts,
    fps: float,
    num_threads: int | None,
    tells: Connection,
) -> None:
    """What the process does."""
    from pose.openmmlab.devices import set_threads

    mistake = ""
    try:
        prepare(footage, store, parts)
        set_threads(num_threads)
        check(extract(footage, store, parts, fps))
    except DataError as error:
        mistake = str(error)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    with suppress(BrokenPipeError):  # nobody wants to know any more
        tells.send(mistake)
