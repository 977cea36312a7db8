"""Declared length of a video, and whether it was decoded to that end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

# An edit list or a frame that is never shown makes small differences.
_COUNT_SLACK, _TIME_SLACK, _FRAMES_SLACK = 0.01, 0.05, 2
# FFmpeg's names of the containers that say how long they are. Of others, as MPEG's transport and program streams, it
# estimates that from what is there, which tells nothing of what is not.
_DECLARING = frozenset(("matroska", "flv", "asf", "mov"))


def declared_frames(container: Any, stream: Any) -> int:
    """Return a video's number of frames: the container's own count, or about by its length; 0 where unknown.

    Args:
        container: of PyAV, opened.
        stream: the pictures.
    """
    seconds = _own_length(container, stream) or _seconds(stream) or _whole_length(container)
    return int(stream.frames) or round(seconds * float(stream.average_rate or 0))


def _whole_length(container: Any) -> float:
    """Return the seconds to the end of the longest stream, sound included; 0 where unknown."""
    return (container.duration or 0) / 1_000_000


def _seconds(stream: Any) -> float:
    """Return the seconds to the end of a stream as FFmpeg has them; 0 where it has none."""
    return float((stream.duration or 0) * stream.time_base)


def _own_length(container: Any, stream: Any) -> float:
    """Return the seconds to the end of the pictures, where the container has them for those alone; else 0.

    MP4 has it for each stream; Matroska as a tag. A tag that is left from a longer file does not count. AVI counts
    frames at a steady rate, those that were dropped too; FFmpeg makes its duration shorter where the file is.
    """
    if _is(container, "mov"):
        return _seconds(stream)
    if _is(container, "avi"):
        return float(stream.frames * stream.time_base)
    if _is(container, "matroska"):
        return min(_clock(stream.metadata.get("DURATION", "")), _whole_length(container))
    return 0.0


def _is(container: Any, *names: str) -> bool:
    return not set(names).isdisjoint(container.format.name.split(","))


def _clock(text: str) -> float:
    """Return the seconds of `00:01:02.345000000`; 0 of anything else."""
    try:
        hours, minutes, seconds = text.split(":")
        return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    except ValueError:
        return 0.0


class CheckedDecoder:
    """Decodes a video from the beginning and compares it with what its container declares.

    That is the number of frames, of which some may be missing as long as their time is not: those before the point at
    which an MP4 was cut without encoding it anew are never shown, and an AVI counts those that a camera dropped. Where
    there is no number, it is the time at which the pictures end, since frames may be left out or come in any rate; and
    where that is not told apart from the sound, the time at which the last of all streams ends. Where nothing is
    declared, any end is the end.

    Args:
        container: of PyAV, opened.
        stream: the pictures.

    Attributes:
        number: frames that were decoded.
    """

    def __init__(self, container: Any, stream: Any) -> None:
        self.number = 0
        self._container, self._stream = container, stream
        self._own = _own_length(container, stream)
        self._by_all = not stream.frames and not self._own and _is(container, *_DECLARING)
        self._first = 0.0
        self._reached: float | None = None  # seconds

    def frames(self) -> Iterator[Any]:
        """Yield every `av.VideoFrame` in order.

        Raises:
            av.FFmpegError: it breaks off.
        """
        for packet in self._container.demux(*(() if self._by_all else (self._stream,))):
            if self._by_all:
                self._note(packet)
            if packet.stream.index != self._stream.index:
                continue
            for frame in packet.decode():
                self.number += 1
                if not self._by_all:
                    self._note(frame)
                yield frame

    def _note(self, timed: Any) -> None:
        """Note when a frame, or a packet of any stream, ends."""
        if timed.pts is None:
            return
        begun = float(timed.pts * timed.time_base)
        ended = begun + float((timed.duration or 0) * timed.time_base)
        self._first = min(self._first, begun)
        self._reached = ended if self._reached is None else max(self._reached, ended)

    def missing(self) -> str:
        """Return what is missing after all frames are decoded, in a few words; "" where nothing is."""
        if declared := int(self._stream.frames):
            missing = declared - self.number
            if missing <= max(_FRAMES_SLACK, _COUNT_SLACK * declared):
                return ""
            seconds = self._own or _seconds(self._stream)
            in_time = bool(seconds) and self._reached is not None and not self._ends_early(seconds, _COUNT_SLACK)
            return "" if in_time else f"{self.number} of {declared} frames are there"
        seconds = self._own or (_whole_length(self._container) if self._by_all else 0.0)
        if not seconds or self._reached is None or not self._ends_early(seconds, _TIME_SLACK):
            return ""
        return f"it ends after {self._reached - self._first:.1f} of {seconds:.1f} seconds"

    def _ends_early(self, seconds: float, slack: float) -> bool:
        """Return whether it ends more than a share of its declared seconds, or than some frames, too early."""
        there = (self._reached or 0.0) - self._first
        return seconds - there > max(_FRAMES_SLACK / float(self._stream.average_rate or 30), slack * seconds)
