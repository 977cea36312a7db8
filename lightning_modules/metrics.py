"""Metrics of one pass over a part of the data: the loss and a confusion matrix, from which the rest follows."""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch
from torch import nn
from torchmetrics import MeanMetric
from torchmetrics.classification import MulticlassConfusionMatrix

from lightning_modules.errors import DivergenceError


class PartMetrics(nn.Module):
    """Collects the steps of a pass.

    A step only keeps what it is given; the sums are made once, at the end, so that no step waits for a GPU or pays for
    a metric's bookkeeping. Under several processes the sums go over all of them.

    Args:
        num_classes: K.

    Example:
        >>> metrics = PartMetrics(num_classes=2)
        >>> metrics.update(torch.tensor(0.5), torch.tensor([[2.0, 0.0], [1.0, 0.0]]), torch.tensor([0, 1]))
        >>> metrics.compute()
        (0.5, tensor([[1, 0],
                [1, 0]]))
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        # Not "disable", with which torchmetrics 1.9.0 drops the weights.
        self.loss = MeanMetric(nan_strategy="error")
        self.confusion = MulticlassConfusionMatrix(num_classes, validate_args=False)
        self._steps: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []

    def update(self, loss: torch.Tensor, logits: torch.Tensor, target: torch.Tensor) -> None:
        """Keep a step: mean loss (scalar), logits `[B, K]`, target `[B]`."""
        self._steps.append((loss.detach(), logits.detach().argmax(dim=1), target))

    def latest(self) -> tuple[float, float] | None:
        """Return loss and accuracy of the last step, for a progress bar; None before the first."""
        if not self._steps:
            return None
        loss, predicted, target = self._steps[-1]
        return loss.item(), (predicted == target).float().mean().item()

    def reset(self) -> None:
        """Forget everything, also a pass that was broken off."""
        self._steps.clear()
        self.loss.reset()
        self.confusion.reset()

    def compute(self) -> tuple[float, torch.Tensor]:
        """Return the mean loss over the windows and the confusion matrix `[K, K]`, and forget them.

        Returns:
            Mean loss; int64 confusion matrix, row: truth, column: prediction.

        Raises:
            DivergenceError: the loss of a step was not a number.
        """
        if self._steps:  # one of many processes may have had no window at all
            self._add_steps()
        result = self.loss.compute().item(), self.confusion.compute().cpu()
        self.reset()
        return result

    def _add_steps(self) -> None:
        losses = torch.stack([loss for loss, _, _ in self._steps])
        bad = torch.nonzero(~torch.isfinite(losses)).flatten()
        if len(bad):
            step = int(bad[0])
            raise DivergenceError(f"the loss became {losses[step].item()} in step {step + 1} of {len(losses)}")
        sizes = torch.tensor([len(target) for _, _, target in self._steps], device=losses.device)
        self.loss.update(losses, sizes)
        self.confusion.update(
            torch.cat([predicted for _, predicted, _ in self._steps]),
            torch.cat([target for _, _, target in self._steps]),
        )


def summarize(confusion: torch.Tensor) -> dict[str, float]:
    """Return accuracy and macro F1 (the mean over the classes that occur) of a confusion matrix `[K, K]`.

    Example:
        >>> summarize(torch.tensor([[3, 1], [1, 3]]))
        {'accuracy': 0.75, 'macro_f1': 0.75}
    """
    hits, truth, predicted = confusion.diag().double(), confusion.sum(dim=1), confusion.sum(dim=0)
    occurs = (truth + predicted) > 0
    f1 = 2 * hits[occurs] / (truth + predicted)[occurs]
    return {
        "accuracy": (hits.sum() / confusion.sum().clamp(min=1)).item(),
        "macro_f1": f1.mean().item() if occurs.any() else 0.0,
    }


def recalls(confusion: torch.Tensor, class_names: Sequence[str]) -> dict[str, float]:
    """Return `recall/<class slug>` of every class that occurs, from a confusion matrix `[K, K]`.

    Example:
        >>> recalls(torch.tensor([[3, 1], [0, 0]]), ["falling down", "walking"])
        {'recall/falling_down': 0.75}
    """
    truth = confusion.sum(dim=1)
    share = confusion.diag().double() / truth.clamp(min=1)
    return {f"recall/{slug(name)}": share[i].item() for i, name in enumerate(class_names) if truth[i]}


def alarms(confusion: torch.Tensor, abnormal: Sequence[int]) -> dict[str, float]:
    """Return how alarms would do if every window of an abnormal class raised one.

    Args:
        confusion: `[K, K]`, row: truth, column: prediction.
        abnormal: indices of the abnormal classes; without any, or without windows of one kind, there is nothing to say.

    Returns:
        `abnormal_recall`, the share of abnormal windows that are predicted as any abnormal class, and
        `false_alarm_rate`, the same of normal ones.

    Example:
        >>> alarms(torch.tensor([[3, 1], [1, 3]]), abnormal=[1])
        {'abnormal_recall': 0.75, 'false_alarm_rate': 0.25}
    """
    is_abnormal = torch.zeros(len(confusion), dtype=torch.bool)
    is_abnormal[list(abnormal)] = True
    rates = {}
    for name, rows in (("abnormal_recall", is_abnormal), ("false_alarm_rate", ~is_abnormal)):
        total = confusion[rows].sum()
        if len(abnormal) and total:
            rates[name] = (confusion[rows][:, is_abnormal].sum() / total).item()
    return rates


def clip_accuracy(probabilities: torch.Tensor, clip: torch.Tensor, target: torch.Tensor) -> float:
    """Return the share of clips whose mean probability over their windows is largest for the true class.

    Args:
        probabilities: `[N, K]` of windows.
        clip: `[N]`, the clip of each window.
        target: `[N]`, the class of each window.

    Example:
        >>> probabilities = torch.tensor([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]])
        >>> clip_accuracy(probabilities, clip=torch.tensor([7, 7, 9]), target=torch.tensor([0, 0, 0]))
        0.5
    """
    clips, position = torch.unique(clip, return_inverse=True)
    sums = torch.zeros(len(clips), probabilities.shape[1], dtype=torch.float64)
    sums.index_add_(0, position, probabilities.double())
    truth = torch.zeros(len(clips), dtype=torch.int64)
    truth[position] = target
    return (sums.argmax(dim=1) == truth).double().mean().item()


def slug(name: str) -> str:
    """Return a class name as it stands in a metric's name; letters of other scripts stay.

    Example:
        >>> slug("Falling down"), slug("쓰러짐")
        ('falling_down', '쓰러짐')
    """
    return re.sub(r"[\W_]+", "_", name.lower()).strip("_") or "_"
