"""What a training run keeps beside its metrics: which data it is about, figures, tables, checkpoints, the model."""

from __future__ import annotations

from typing import Any

from sweeps.runtime.job_context import JobContext
from sweeps.tracking.figures import confusion_matrix_figure, curves_figure, per_class_rows
from sweeps.tracking.predictions import PREDICTIONS_FILE, prediction_frame
from sweeps.tracking.run import EpochMetrics, TrackedRun
from sweeps.tracking.sweep_runs import PRUNED, PRUNED_EPOCH


def log_data(run: TrackedRun, data: Any) -> None:
    """Keep with the run which data it is about, and print it.

    Args:
        run: open.
        data: a `datamodules.description.DataDescription`, which this room may not import.
    """
    for part in data.parts:
        profile = {"windows": part.windows, "clips": part.clips, "class_names": list(data.class_names)}
        run.log_dataset(data.name, part.digest, part.name, profile, data.source)
    run.set_tags({f"data.{name}": str(count) for name, count in data.counts.items()})
    print(data)


def log_result(run: TrackedRun, job: JobContext, result: Any, log_model: str) -> None:
    """Keep with the run what fitting came to: metrics, figures, tables, checkpoints and the models.

    Args:
        run: open.
        job: the run is of; hears of an early end.
        result: a `lightning_modules.result.FitResult`, which this room may not import.
        log_model: which models: best, always or never.
    """
    if result.epochs:
        run.log_figure(curves_figure([EpochMetrics(**row) for row in result.epochs]), "curves.png")
    if result.stopped:
        _log_pruned(run, job, len(result.epochs))
        return
    run.log_epochs([result.row])
    _log_test(run, result)
    for file in result.checkpoints:
        run.log_file(file, "checkpoints")
    for name, model in result.models(log_model):
        run.log_model(model, result.example_inputs(), result.model_metadata(), name)


def _log_pruned(run: TrackedRun, job: JobContext, epoch: int) -> None:
    """Mark a run that a search ended early; its test part was not looked at."""
    run.set_tags({PRUNED: "true", PRUNED_EPOCH: str(epoch)})
    job.report(epoch, epoch, f"pruned after epoch {epoch}")
    print(f"pruned after epoch {epoch}: the study gives it no prospects")


def _log_test(run: TrackedRun, result: Any) -> None:
    """Keep what the test part gave: the confusion matrix, a table of the classes, every window's probabilities."""
    tested, class_names = result.tested, result.data.class_names
    confusion = tested.confusion.numpy()
    run.log_figure(confusion_matrix_figure(confusion, class_names), "confusion_matrix.png")
    run.log_table(per_class_rows(confusion, class_names), "per_class.csv")
    clips = [result.data.clip_names[index] for index in tested.clip.tolist()]
    frame = prediction_frame(
        [clip.recording for clip in clips],
        [clip.id for clip in clips],
        tested.target.numpy(),
        tested.probabilities.numpy(),
        class_names,
    )
    run.log_frame(frame, PREDICTIONS_FILE)
