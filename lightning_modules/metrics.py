"""What is counted in one pass over a part of the data: the loss and a confusion matrix, from which the rest follows."""

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
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        # Not "disable", with which torchmetrics 1.9.0 drops the weights.
        self.loss = MeanMetric(nan_strategy="error")
        self.confusion = MulticlassConfusionMatrix(num_classes, validate_args=False)
        self._steps: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []

    def update(self, loss: torch.Tensor, logits: torch.Tensor, target: torch.Tensor) -> None:
        """Keeps a step: mean loss (scalar), logits `[B, K]`, target `[B]`."""
        self._steps.append((loss.detach(), logits.detach().argmax(dim=1), target))

    def latest(self) -> tuple[float, float] | None:
        """Loss and accuracy of the last step, for a progress bar; None before the first."""
        if not self._steps:
            return None
        loss, predicted, target = self._steps[-1]
        return loss.item(), (predicted == target).float().mean().item()

    def reset(self) -> None:
        """Forgets everything, also a pass that was broken off."""
        self._steps.clear()
        self.loss.reset()
        self.confusion.reset()

    def compute(self) -> tuple[float, torch.Tensor]:
        """Mean loss over the windows and confusion matrix `[K, K]` (row: truth, column: prediction); then forgets them.

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
    """Accuracy and macro F1 (the mean over the classes that occur) of a confusion matrix `[K, K]`."""
    hits, truth, predicted = confusion.diag().double(), confusion.sum(dim=1), confusion.sum(dim=0)
    occurs = (truth + predicted) > 0
    f1 = 2 * hits[occurs] / (truth + predicted)[occurs]
    return {
        "accuracy": (hits.sum() / confusion.sum().clamp(min=1)).item(),
        "macro_f1": f1.mean().item() if occurs.any() else 0.0,
    }


def recalls(confusion: torch.Tensor, class_names: Sequence[str]) -> dict[str, float]:
    """`recall/<class slug>` of every class that occurs, from a confusion matrix `[K, K]`."""
    truth = confusion.sum(dim=1)
    share = confusion.diag().double() / truth.clamp(min=1)
    return {f"recall/{slug(name)}": share[i].item() for i, name in enumerate(class_names) if truth[i]}


def alarms(confusion: torch.Tensor, abnormal: Sequence[int]) -> dict[str, float]:
    """How alarms would do if every window of an abnormal class raised one.

    Args:
        confusion: `[K, K]`, row: truth, column: prediction.
        abnormal: indices of the abnormal classes; without any, or without windows of one kind, there is nothing to say.

    Returns:
        `abnormal_recall`, abnormal windows taken for any abnormal class, and `false_alarm_rate`, the same of normal
        ones.
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
    """Share of clips whose mean probability over their windows is largest for the true class.

    Args:
        probabilities: `[N, K]` of windows.
        clip: `[N]`, the clip of each window.
        target: `[N]`, the class of each window.
    """
    clips, position = torch.unique(clip, return_inverse=True)
    sums = torch.zeros(len(clips), probabilities.shape[1], dtype=torch.float64)
    sums.index_add_(0, position, probabilities.double())
    truth = torch.zeros(len(clips), dtype=torch.int64)
    truth[position] = target
    return (sums.argmax(dim=1) == truth).double().mean().item()


def slug(name: str) -> str:
    """A class name as it stands in a metric's name: `falling down` becomes `falling_down`, other scripts stay."""
    return re.sub(r"[\W_]+", "_", name.lower()).strip("_") or "_"
