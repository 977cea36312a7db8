"""The counterpart of the LightningModule for baselines, with the same features and metrics."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from lightning_modules.baseline_networks import to_logits
from lightning_modules.baselines import Baseline
from lightning_modules.classifier import TestResult, WindowBatch
from lightning_modules.metrics import PartMetrics, alarms, clip_accuracy, recalls, summarize
from lightning_modules.normalizers import Normalizer


class BaselineClassifier:
    """Fits a baseline to windows of key points, and tests it.

    Args:
        normalizer: key points to features; fitted.
        baseline: features to probabilities or votes.
        class_names: K names by class index.
        class_weights: `[K]`, how much a window of each class counts in fitting and in the loss; None for all alike.
        abnormal_classes: names of the classes that should raise an alarm.

    Attributes:
        fit_seconds: that `fit` took, features included.
        predict_windows_per_s: windows that the last `evaluate` predicted a second, features included.
        test_result: the test part, window by window.

    Example:
        >>> from types import SimpleNamespace
        >>> from lightning_modules.baselines import Majority
        >>> target = torch.tensor([0, 0, 1])
        >>> batch = SimpleNamespace(keypoints=torch.zeros(3, 9, 17, 2), target=target, clip=torch.arange(3))
        >>> classifier = BaselineClassifier(Normalizer(17, 2, 2), Majority(2), ["stand", "fall"], None, ["fall"])
        >>> classifier.fit([batch])
        >>> values = classifier.evaluate("test", [batch])
        >>> round(values["test/accuracy"], 4), values["test/abnormal_recall"]
        (0.6667, 0.0)
    """

    def __init__(
        self,
        normalizer: Normalizer,
        baseline: Baseline,
        class_names: Sequence[str],
        class_weights: torch.Tensor | None = None,
        abnormal_classes: Sequence[str] = (),
    ) -> None:
        self.normalizer = normalizer
        self.baseline = baseline
        self.class_names = tuple(class_names)
        self.class_weights = class_weights
        self.abnormal = [self.class_names.index(name) for name in abnormal_classes]
        self.fit_seconds = 0.0
        self.predict_windows_per_s = 0.0
        self.test_result: TestResult | None = None

    @property
    def network(self) -> nn.Module:
        """The fitted baseline as a network."""
        return self.baseline.network()

    def fit(self, batches: Iterable[WindowBatch]) -> None:
        """Fit the baseline to all windows of these batches."""
        start = time.perf_counter()
        features, target, _ = self._read(batches)
        weights = None if self.class_weights is None else self.class_weights[target].double().numpy()
        self.baseline.fit(features.numpy(), target.numpy(), weights)
        self.fit_seconds = time.perf_counter() - start

    def evaluate(self, part: str, batches: Iterable[WindowBatch]) -> dict[str, float]:
        """Return metrics of a part by name; of `test` all of them, and keep `test_result`.

        There is no `<part>/loss` where the baseline gives no probabilities.
        """
        start = time.perf_counter()
        features, target, clip = self._read(batches)
        probabilities = torch.from_numpy(self.baseline.predict(features.numpy()))
        self.predict_windows_per_s = len(target) / (time.perf_counter() - start)
        logits = to_logits(probabilities)
        metrics = PartMetrics(len(self.class_names))
        metrics.update(cross_entropy(logits, target, self.class_weights), logits, target)
        loss, confusion = metrics.compute()
        values = {**({"loss": loss} if self.baseline.gives_probabilities else {}), **summarize(confusion)}
        if part == "test":
            values |= recalls(confusion, self.class_names) | alarms(confusion, self.abnormal)
            values["clip_accuracy"] = clip_accuracy(probabilities, clip, target)
            self.test_result = TestResult(confusion, logits.softmax(dim=1), target, clip)
        return {f"{part}/{name}": value for name, value in values.items()}

    def _read(self, batches: Iterable[WindowBatch]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return features `[N, T * F]`, target and clip `[N]` of all windows."""
        with torch.inference_mode():
            rows = [(self.normalizer(batch.keypoints).flatten(1), batch.target, batch.clip) for batch in batches]
        features, target, clip = (torch.cat(column) for column in zip(*rows, strict=True))
        return features, target, clip.to(torch.int64)
