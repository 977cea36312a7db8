"""The jobs of a sweep while they run: a live table at a terminal, else a line when something happens."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sweeps.launch.job import ENDED, Job, State

if TYPE_CHECKING:
    from rich.table import Table

_REFRESH = 0.25  # seconds
_ROOM = 8  # lines of a terminal that are not the table's
_STYLES = {State.FINISHED: "green", State.FAILED: "bold red", State.KILLED: "yellow", State.RUNNING: "cyan"}


class ProgressTable:
    """Shows jobs. Used as a context, so that the terminal is left in order.

    Args:
        jobs: all of the sweep.
        side_by_side: how many run at once.
        live: redraw a table in place; by default where there is a terminal.
        in_all: jobs of the sweep, where these are one batch of it.
    """

    def __init__(self, jobs: Sequence[Job], side_by_side: int, live: bool | None = None, in_all: int = 0) -> None:
        self.jobs = jobs
        self.in_all = in_all or len(jobs)
        self.side_by_side = side_by_side
        self.live = sys.stdout.isatty() if live is None else live
        self._seen: dict[int, tuple[State, int]] = {job.number: (job.state, job.tries) for job in jobs}
        self._shown = 0.0
        self._display: Any = None

    def __enter__(self) -> ProgressTable:
        """Open the display."""
        if self.live:
            from rich.live import Live

            self._display = Live(self.table(), auto_refresh=False, transient=True)
            self._display.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the display; what was shown goes, since a table of the results follows."""
        if self._display is not None:
            self._display.stop()
            self._display = None

    def update(self) -> None:
        """Show what is new."""
        for job in self.jobs:
            if self._seen[job.number] != (job.state, job.tries):
                self._seen[job.number] = (job.state, job.tries)
                self._tell(job)
        if self._display is not None and time.monotonic() - self._shown >= _REFRESH:
            self._shown = time.monotonic()
            self._display.update(self.table(), refresh=True)

    def _tell(self, job: Job) -> None:
        where = f"[{job.number + 1}/{self.in_all}] {job.label}".rstrip()
        if job.state is State.RUNNING:
            again = f" again, try {job.tries}" if job.tries > 1 else ""
            line = f"{where}: started{again}, output in {job.log}"
        elif job.state is State.FINISHED:
            line = f"{where}: finished in {_duration(job.seconds)}{'  ' if job.text else ''}{job.text}"
        else:
            line = f"{where}: {job.state}{f': {job.error}' if job.error else ''}"
        if self._display is not None:
            if job.state in (State.FAILED, State.KILLED):
                self._display.console.print(line, markup=False, highlight=False)
        else:
            print(line, flush=True)

    def table(self) -> Table:
        """Make a table of the jobs that run or have gone wrong, of as many others as fit, and of counts."""
        from rich.console import Console
        from rich.table import Table

        counts = {state: sum(job.state is state for job in self.jobs) for state in State}
        shown = self._chosen(max(3, Console().size.height - _ROOM))
        caption = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
        left = self.seconds_left()
        table = Table(box=None, pad_edge=False, header_style="bold", caption_justify="left")
        table.caption = f"{caption}{f'; about {_duration(left)} left' if left else ''}; Ctrl-C ends all of them"
        for header in ("job", "", "state", "done", "", "left"):
            table.add_column(header, justify="right" if header in ("job", "done", "left") else "left", no_wrap=True)
        for job in shown:
            share = f"{job.done / job.total:.0%}" if job.total and job.state is State.RUNNING else ""
            rest = job.seconds_left
            time_left = (
                _duration(job.seconds) if job.state in ENDED and job.seconds else _duration(rest) if rest else ""
            )
            state = f"[{_STYLES.get(job.state, 'default')}]{job.state}[/]"
            table.add_row(
                str(job.number + 1), _plain(job.label), state, share, _plain(job.error or job.text), time_left
            )
        return table

    def _chosen(self, room: int) -> list[Job]:
        """Choose the jobs of which there is the most to see; keep their order."""
        order = (State.RUNNING, State.FAILED, State.KILLED, State.WAITING, State.FINISHED, State.SAME, State.LEFT)
        ranked = sorted(self.jobs, key=lambda job: (order.index(job.state), -job.started, job.number))
        return sorted(ranked[:room], key=lambda job: job.number)

    def seconds_left(self) -> float | None:
        """Estimate the seconds until all have ended; None before a job has ended or got somewhere."""
        lasted = [job.seconds for job in self.jobs if job.state is State.FINISHED and not job.earlier]
        going = [job for job in self.jobs if job.state is State.RUNNING]
        known = [left for job in going if (left := job.seconds_left) is not None]
        lasted += [time.monotonic() - job.started + left for job in going if (left := job.seconds_left) is not None]
        if not lasted:
            return None
        waiting = sum(job.state is State.WAITING for job in self.jobs)
        work = sum(known) + (waiting + len(going) - len(known)) * sum(lasted) / len(lasted)
        return max(max(known, default=0.0), work / self.side_by_side)


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def _duration(seconds: float) -> str:
    """Write a time as people say it: 8 s, 3 min, 2.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
