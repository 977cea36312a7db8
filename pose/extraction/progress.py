"""Progress of an extraction: frames, frames a second, time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

Report = Callable[[float, float, str], None]

_REFRESH = 0.25  # seconds
_LINE_EVERY = 30.0  # seconds between lines where there is no terminal


class ExtractionProgress:
    """A progress bar over all frames at a terminal; a line now and then on a file or a pipe.

    Args:
        total: frames in all, as far as that is known.
        videos: how many there are.
        report: called with frames done now, frames to do, and a short text, where the caller shows progress itself;
            then there is no bar.
        clock: seconds, ever more.
    """

    def __init__(
        self, total: int, videos: int, report: Report | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.total = max(total, 1)
        self.videos = videos
        self.report = report
        self.done = 0
        self._known = 0  # of those: they were in the store, and say nothing of how fast it goes
        self._video = 0
        self._name = ""
        self._clock = clock
        self._begun = self._shown = clock()
        self._bar: Any = None

    def __enter__(self) -> ExtractionProgress:
        if self.report is None and sys.stdout.isatty():
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            self._bar = Progress(
                BarColumn(bar_width=20),
                MofNCompleteColumn(),
                TextColumn("frames  {task.fields[text]}"),
                auto_refresh=False,
            )
            self._task = self._bar.add_task("", total=self.total, text="")
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._show()
            self._bar.stop()

    def begin(self, name: str) -> None:
        """Begin the next video."""
        self._video += 1
        self._name = name

    def advance(self, frames: int, known: bool = False) -> None:
        """Count frames as done.

        Args:
            frames: their number.
            known: whether they were in the store already.
        """
        self.done += frames
        self._known += frames if known else 0
        now = self._clock()
        if now - self._shown >= (_REFRESH if self._bar is not None or self.report is not None else _LINE_EVERY):
            self._shown = now
            self._show()

    def tell(self, line: str) -> None:
        """Print a line above the bar."""
        print(line, flush=True) if self._bar is None else self._bar.console.print(line, highlight=False, soft_wrap=True)

    def _show(self) -> None:
        found, total = self.done - self._known, max(self.total, self.done)
        speed = found / max(self._clock() - self._begun, 1e-9)
        left = timedelta(seconds=round((total - self.done) / speed)) if found else "?"
        text = f"{speed:.1f} fps  left {left}  {self._video}/{self.videos} {self._name}"
        if self.report is not None:
            self.report(found, max(total - self._known, 1), text)
        elif self._bar is not None:
            self._bar.update(self._task, completed=self.done, total=total, text=text)
            self._bar.refresh()
        else:
            print(f"{self.done:,} of {self.total:,} frames  {text}", flush=True)
