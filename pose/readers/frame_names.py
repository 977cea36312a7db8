"""Sequence and frame number of a picture, from its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from pose.errors import DataError

# Cameras that save pictures one by one name them by the time: 2018-07-04T12_04_17.738369.png
_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T_ ](\d\d)[_:.-](\d\d)[_:.-](\d\d)(?:[.,](\d{1,6}))?")
DIGITS = 15  # at most, of a frame's number
_NUMBER = re.compile(rf"(.*?)[\W_]*(\d{{1,{DIGITS}}})\D*", re.DOTALL)
SUFFIX = re.compile(r"\.[A-Za-z]\w{0,4}$")

# Seconds without a picture after which a camera that names them by the time is taken to record something else. Too long
# keeps two performances together, which no split minds; too short would put one performance on both sides of a split.
PAUSE = 5.0


class FramePlace(NamedTuple):
    """The place of a picture: the name of its sequence, "" for one without a name, and the frame's number in it."""

    sequence: str
    frame: int


def place_images(names: Sequence[str], fps: float) -> dict[str, FramePlace]:
    """Sort pictures into sequences and frames.

    Where every name holds a time, the pictures are ordered by it, a pause of more than `PAUSE` seconds begins another
    sequence, and the number of a frame is the time since the first in 1 / fps, at least one from frame to frame. A
    second picture of the same time is a copy, and is left out. Otherwise the last number in a name is the frame, and
    what stands before it the sequence.

    Args:
        names: of the pictures, each once.
        fps: frames a second.

    Raises:
        DataError: a name holds neither; the caller says of which file.

    Example:
        >>> place_images(["walk_0002.jpg", "walk_0001.jpg"], fps=30)["walk_0002.jpg"]
        FramePlace(sequence='walk', frame=2)
    """
    times = {name: _time(name) for name in names}
    if all(time is not None for time in times.values()):
        return _by_time({name: time for name, time in times.items() if time is not None}, fps)
    return {name: _by_number(name) for name in names}


def _time(name: str) -> float | None:
    match = _TIME.search(name)
    if match is None:
        return None
    *parts, fraction = match.groups()
    try:
        moment = datetime(*map(int, parts), tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:  # month 13
        return None
    return moment.timestamp() + float(f"0.{fraction or 0}")


def _by_time(times: dict[str, float], fps: float) -> dict[str, FramePlace]:
    places: dict[str, FramePlace] = {}
    last, sequence, frame = float("-inf"), "", 0
    for name, time in sorted(times.items(), key=lambda item: (item[1], item[0])):
        if time == last:
            continue
        if time - last > PAUSE:
            sequence, frame = SUFFIX.sub("", name), 0
        else:
            frame += max(1, round((time - last) * fps))
        places[name] = FramePlace(sequence, frame)
        last = time
    return places


def _by_number(name: str) -> FramePlace:
    place = place_by_number(name)
    if place is None:
        raise DataError(f"the name {name!r} holds no number and no time to put frames in order by: number the pictures")
    return place


def place_by_number(name: str) -> FramePlace | None:
    """Return the last number in a picture's name, and the text before it; None where there is no number.

    Args:
        name: with its ending, in which no number is looked for.

    Example:
        >>> place_by_number("walk_0002.jpg")
        FramePlace(sequence='walk', frame=2)
    """
    match = _NUMBER.fullmatch(SUFFIX.sub("", name))
    return FramePlace(match[1], int(match[2])) if match else None
