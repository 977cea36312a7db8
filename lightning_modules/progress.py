"""One bar for a whole run: epochs, loss, accuracy, windows a second, time left."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Callback
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Column

from lightning_modules.classifier import ActionClassifier

_REFRESH = 0.25  # seconds; reading the loss waits for a GPU, so it is not done every step


class RunProgress(Callback):
    """Shows a run at the terminal; on a file or a pipe it prints a line a tenth of the epochs instead.

    Args:
        title: what is trained, a few words; stands before each line where there is no terminal.
        report: called a few times a second with steps done, steps in all and a few words; replaces the bar.
    """

    def __init__(self, title: str, report: Callable[[float, float, str], None] | None = None) -> None:
        self.title = title
        self.report = report
        self._best = 0.0
        self._progress: Progress | None = None
        self._task = TaskID(0)
        self._shown = 0.0
        self._windows = 0
        self._epoch_start = 0.0
        self._speed = 0.0

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Open the bar."""
        if not trainer.is_global_zero or self.report is not None or not sys.stdout.isatty():
            return
        time_column = Column(no_wrap=True, min_width=7)
        columns = (
            BarColumn(bar_width=20),
            TextColumn("{task.fields[text]}"),
            TimeElapsedColumn(table_column=time_column),
            TextColumn("left"),
            TimeRemainingColumn(table_column=time_column),
        )
        self._progress = Progress(*columns, console=Console(), auto_refresh=False)
        self._task = self._progress.add_task(self.title, total=None, text="")
        self._progress.start()

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock of the epoch; after a resume the bar starts where the run does."""
        self._print_epoch(trainer)
        self._windows, self._epoch_start = 0, time.perf_counter()
        if self._progress is not None:
            batches = int(trainer.num_training_batches)
            done = trainer.current_epoch * batches
            self._progress.update(self._task, total=(trainer.max_epochs or 0) * batches, completed=done)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Move the bar, a few times a second."""
        self._windows += len(batch.target) * trainer.world_size
        now = time.perf_counter()
        if (self._progress is None and self.report is None) or now - self._shown < _REFRESH:
            return
        self._shown = now
        self._speed = self._windows / (now - self._epoch_start)
        batches = int(trainer.num_training_batches)
        done, text = trainer.current_epoch * batches + batch_idx + 1, self._text(trainer, pl_module)
        if self.report is not None and trainer.is_global_zero:
            self.report(done, (trainer.max_epochs or 0) * batches, text)
        if self._progress is not None:
            self._progress.update(self._task, completed=done, text=text)
            self._progress.refresh()

    def _text(self, trainer: Trainer, module: LightningModule) -> str:
        text = f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}"
        latest = module.metrics_of("train").latest() if isinstance(module, ActionClassifier) else None
        if latest is not None:
            text += f"  loss {latest[0]:.3f}  accuracy {latest[1]:.3f}"
        held_out = trainer.callback_metrics.get("val/accuracy")
        if held_out is not None:
            self._best = max(self._best, held_out.item())
            text += f"  val {held_out.item():.3f}, best {self._best:.3f}"
        return f"{text}  {self._speed:,.0f} windows/s"

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Close the bar."""
        self._print_epoch(trainer)
        self._close()

    def _print_epoch(self, trainer: Trainer) -> None:
        """Print a line now and then where there is no terminal, once the metrics of the epoch before are there."""
        if self._progress is not None or not trainer.is_global_zero or not self._windows:
            return
        epoch, last = trainer.current_epoch, trainer.max_epochs or 0
        if epoch % max(1, last // 10) and epoch != last:
            return
        speed = self._windows / (time.perf_counter() - self._epoch_start)
        shown = ("train/loss", "train/accuracy", "val/loss", "val/accuracy", "test/accuracy")
        values = (
            f"{name} {trainer.callback_metrics[name].item():.4f}" for name in shown if name in trainer.callback_metrics
        )
        print(f"{self.title}: epoch {epoch}/{last}", *values, f"{speed:,.0f} windows/s", sep="  ", flush=True)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Close the bar, so that what is printed next stands below it."""
        self._close()

    def _close(self) -> None:
        if self._progress is not None:
            self._progress.refresh()
            self._progress.stop()
            self._progress = None
