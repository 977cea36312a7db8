"""What fitting a model came to: its metrics, and the objects that made them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from lightning_modules.checkpoints import LAST, AtomicCheckpointIO, EpochRow
from lightning_modules.classifier import ActionClassifier, TestResult
from lightning_modules.recognizer import Recognizer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytorch_lightning import Trainer

    from lightning_modules.baseline_classifier import BaselineClassifier
    from lightning_modules.window_data import WindowData


@dataclass(frozen=True)
class FitResult:
    """A model that was fitted, and tested once.

    Args:
        classifier: with the weights that were tested.
        data: that it was fitted to, and tested on.
        row: all metrics of the epoch that was chosen, in the form of the epochs.
        trainer: Lightning's; None for a baseline.
        epochs: metrics of each epoch; none of a baseline.
        checkpoints: files of the last and, where one was chosen, the best epoch.
        stopped: the training was ended early, and nothing was tested.
    """

    classifier: ActionClassifier | BaselineClassifier
    data: WindowData
    row: EpochRow
    trainer: Trainer | None = None
    epochs: list[EpochRow] = field(default_factory=list)
    checkpoints: list[Path] = field(default_factory=list)
    stopped: bool = False

    @property
    def metrics(self) -> dict[str, float]:
        """The metrics of the model that was chosen by name, those of training and validation left out."""
        return {name: value for name, value in self.row["values"].items() if not name.startswith(("train/", "val/"))}

    @property
    def tested(self) -> TestResult:
        """What the test part gave, window by window."""
        assert self.classifier.test_result is not None
        return self.classifier.test_result

    def models(self, which: str) -> Iterator[tuple[str, Recognizer]]:
        """Yield what recognises actions in raw key points, by the name to keep it under.

        Args:
            which: best for the weights that were tested; always for those of the last epoch, too, where these are
                others; never for nothing.
        """
        classifier, data = self.classifier, self.data
        if which != "never":
            yield "model", Recognizer(classifier.normalizer, classifier.network, data.scores).cpu().eval()
        if which == "always" and len(self.checkpoints) > 1 and isinstance(classifier, ActionClassifier):
            last = next(file for file in self.checkpoints if file.name == LAST)
            classifier.load_state_dict(AtomicCheckpointIO().load_checkpoint(last)["state_dict"])
            yield "model_last_epoch", Recognizer(classifier.normalizer, classifier.network, data.scores).cpu().eval()

    def example_inputs(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return key points `[2, T, V, C]` and scores `[2, T, V]` of the shapes that the models take."""
        shape = (2, self.data.sequence_length, self.data.skeleton.num_joints)
        return torch.zeros(*shape, self.data.num_coordinates), torch.ones(shape)

    def model_metadata(self) -> dict[str, Any]:
        """Return what one must know to use the models, in plain values."""
        data = self.data
        return {
            "class_names": list(data.class_names),
            "abnormal_classes": list(data.abnormal_classes),
            "skeleton": data.skeleton.name,
            "fps": data.fps,
            "sequence_length": data.sequence_length,
            "coordinates": data.num_coordinates,
        }
