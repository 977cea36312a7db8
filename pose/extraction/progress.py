"""How far an extraction is: frames, frames a second, time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

Report = Callable[[float, float, str], None]

_REFRESH = 0.25  # seconds
_LINE_EVERY = 30.0  # seconds between lines where there is no terminal


class ExtractionProgress:
    """A bar over all frames at a terminal; on a file or a pipe a line now and then.

    Args:
        total: frames in all, as far as that is known.
        videos: how many there are.
        report: told frames done, frames in all and a few words, where somebody else shows it; then there is no bar.
    """

    def __init__(self, total: int, videos: int, report: Report | None = None) -> None:
        self.total = max(total, 1)
        self.videos = videos
        self.report = report
        self.done = 0
        self._video = 0
        self._name = ""
        self._begun = self._shown = time.monotonic()
        self._bar: Any = None

    def __enter__(self) -> ExtractionProgress:
        if self.report is None and sys.stdout.isatty():
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._bar = Progress(
                BarColumn(bar_width=20),
                MofNCompleteColumn(),
                TextColumn("frames  {task.fields[text]}"),
                TextColumn("left"),
                TimeRemainingColumn(),
                auto_refresh=False,
            )
            self._task = self._bar.add_task("", total=self.total, text="")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._show()
            self._bar.stop()

    def begin(self, name: str) -> None:
        """The next video."""
        self._video += 1
        self._name = name

    def advance(self, frames: int) -> None:
        """So many frames more are done."""
        self.done += frames
        now = time.monotonic()
        if now - self._shown >= (_REFRESH if self._bar is not None or self.report is not None else _LINE_EVERY):
            self._shown = now
            self._show()

    def tell(self, line: str) -> None:
        """Prints a line above the bar."""
        print(line, flush=True) if self._bar is None else self._bar.console.print(line, highlight=False, soft_wrap=True)

    def _show(self) -> None:
        speed = self.done / max(time.monotonic() - self._begun, 1e-9)
        text = f"{speed:.1f} fps  {self._video}/{self.videos} {self._name}"
        if self.report is not None:
            self.report(self.done, max(self.total, self.done), text)
        elif self._bar is not None:
            self._bar.update(self._task, completed=self.done, total=max(self.total, self.done), text=text)
            self._bar.refresh()
        else:
            print(f"{self.done:,} of {self.total:,} frames  {text}", flush=True)
