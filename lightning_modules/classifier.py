"""The LightningModule that trains any network with any optimizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, cast

import torch
from pytorch_lightning import LightningModule
from torch import nn
from torch.nn.functional import cross_entropy, softmax

from lightning_modules.errors import DivergenceError
from lightning_modules.metrics import PartMetrics, alarms, clip_accuracy, recalls, summarize
from lightning_modules.normalizers import Normalizer
from lightning_modules.optimizers import fastest

SchedulerFactory = Callable[[torch.optim.Optimizer], torch.optim.lr_scheduler.LRScheduler]


class WindowBatch(Protocol):
    """What a step gets: key points `[B, T, V, C]`, target `[B]`, clip `[B]`."""

    @property
    def keypoints(self) -> torch.Tensor:
        """`[B, T, V, C]` float32."""

    @property
    def target(self) -> torch.Tensor:
        """`[B]` integers, class index."""

    @property
    def clip(self) -> torch.Tensor:
        """`[B]` integers, the clip of each window."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """The test part, window by window.

    Args:
        confusion: `[K, K]` int64, row: truth, column: prediction.
        probabilities: `[N, K]` float32.
        target: `[N]` int64.
        clip: `[N]` int64, the clip of each window.
    """

    confusion: torch.Tensor
    probabilities: torch.Tensor
    target: torch.Tensor
    clip: torch.Tensor


class ActionClassifier(LightningModule):
    """Trains a network on windows of key points.

    Args:
        normalizer: key points to features; fitted.
        network: features to logits.
        class_names: K names by class index.
        optimizer: makes the optimizer from parameters; a `functools.partial` of an optimizer's class.
        scheduler: makes the scheduler from the optimizer, stepped once an epoch; None for a constant learning rate.
        class_weights: `[K]` weights of the cross entropy; None for equal ones.
        label_smoothing: in [0, 1).
        abnormal_classes: names of the classes that should raise an alarm.
        curve_parts: names of the parts that the validation loaders give, in their order.

    Attributes:
        test_result: the test part, window by window; from its end on.

    Example:
        >>> from lightning_modules.networks import LSTMClassifier
        >>> network = LSTMClassifier(input_size=34, num_classes=2)
        >>> adam = partial(torch.optim.Adam, lr=1e-3)
        >>> classifier = ActionClassifier(Normalizer(17, 2, 2), network, ["walk", "fall"], adam)
        >>> classifier(torch.zeros(4, 9, 17, 2)).shape
        torch.Size([4, 2])
    """

    def __init__(
        self,
        normalizer: Normalizer,
        network: nn.Module,
        class_names: Sequence[str],
        optimizer: partial[torch.optim.Optimizer],
        scheduler: SchedulerFactory | None = None,
        class_weights: torch.Tensor | None = None,
        label_smoothing: float = 0.0,
        abnormal_classes: Sequence[str] = (),
        curve_parts: Sequence[str] = ("val",),
    ) -> None:
        super().__init__()
        self.normalizer = normalizer
        self.network = network
        self.class_names = tuple(class_names)
        self.optimizer_factory = optimizer
        self.scheduler_factory = scheduler
        self.label_smoothing = label_smoothing
        self.abnormal = [self.class_names.index(name) for name in abnormal_classes]
        self.curve_parts = tuple(curve_parts)
        self.register_buffer("class_weights", class_weights, persistent=False)
        # A list, since a ModuleDict takes no "train": that is the name of a method of modules.
        self._part_names = list(dict.fromkeys(("train", "test", *curve_parts)))
        self.part_metrics = nn.ModuleList(PartMetrics(len(class_names)) for _ in self._part_names)
        self.test_result: TestResult | None = None
        self._test_windows: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []

    def forward(self, keypoints: torch.Tensor) -> torch.Tensor:
        """Return logits `[B, K]` of key points `[B, T, V, C]` without missing joints."""
        logits: torch.Tensor = self.network(self.normalizer(keypoints))
        return logits

    def metrics_of(self, part: str) -> PartMetrics:
        """Return what collects the steps of a part."""
        return cast(PartMetrics, self.part_metrics[self._part_names.index(part)])

    def _step(self, batch: WindowBatch, part: str) -> tuple[torch.Tensor, torch.Tensor]:
        logits = self(batch.keypoints)
        weights = self.class_weights if isinstance(self.class_weights, torch.Tensor) else None
        loss = cross_entropy(logits, batch.target, weights, label_smoothing=self.label_smoothing)
        self.metrics_of(part).update(loss, logits, batch.target)
        return loss, logits

    def on_train_epoch_start(self) -> None:
        """Forget a pass that was broken off."""
        self.metrics_of("train").reset()

    def training_step(self, batch: WindowBatch, batch_idx: int) -> torch.Tensor:
        """Return the loss of a batch."""
        return self._step(batch, "train")[0]

    def on_train_epoch_end(self) -> None:
        """Log `train/*` once an epoch."""
        self._log_part("train")

    def on_validation_epoch_start(self) -> None:
        """Forget a pass that was broken off."""
        for part in self.curve_parts:
            self.metrics_of(part).reset()

    def validation_step(self, batch: WindowBatch, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Count a batch of the part that this loader gives."""
        self._step(batch, self.curve_parts[dataloader_idx])

    def on_validation_epoch_end(self) -> None:
        """Log `val/*`, and `test/*` where its curve is asked for."""
        for part in self.curve_parts:
            self._log_part(part)

    def on_test_epoch_start(self) -> None:
        """Forget a pass that was broken off."""
        self.metrics_of("test").reset()
        self._test_windows.clear()

    def test_step(self, batch: WindowBatch, batch_idx: int) -> None:
        """Count a batch, and keep its probabilities."""
        _, logits = self._step(batch, "test")
        self._test_windows.append((softmax(logits, dim=1), batch.target, batch.clip))

    def on_test_epoch_end(self) -> None:
        """Log all of `test/*` and keep `test_result`."""
        confusion = self._log_part("test")
        columns = zip(*self._test_windows, strict=True)
        probabilities, target, clip = (self._gather(torch.cat(column)).cpu() for column in columns)
        self._test_windows.clear()
        self.test_result = TestResult(confusion, probabilities, target, clip)
        values = recalls(confusion, self.class_names) | alarms(confusion, self.abnormal)
        values["clip_accuracy"] = clip_accuracy(probabilities, clip, target)
        self._log_values("test", values)

    def _gather(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the rows of all processes, which may have different numbers of them."""
        if self.trainer.world_size == 1:
            return rows
        from torchmetrics.utilities.distributed import gather_all_tensors

        return torch.cat(gather_all_tensors(rows.contiguous()))

    def _log_part(self, part: str) -> torch.Tensor:
        try:
            loss, confusion = self.metrics_of(part).compute()
        except DivergenceError as error:
            raise DivergenceError(
                f"{error} of epoch {self.current_epoch + 1} ({part}): lower `lr`, or set `gradient_clip_val`=1"
            ) from None
        self._log_values(part, {"loss": loss, **summarize(confusion)})
        return confusion

    def _log_values(self, part: str, values: dict[str, float]) -> None:
        # The sums already go over all processes.
        self.log_dict({f"{part}/{name}": value for name, value in values.items()}, rank_zero_only=True)

    def configure_optimizers(self) -> Any:
        """Return the optimizer in its fastest implementation, and the scheduler."""
        factory = self.optimizer_factory
        kind = cast(type[torch.optim.Optimizer], factory.func)
        # Lightning does not clip gradients under mixed precision for a fused optimizer.
        clips_mixed = bool(self.trainer.gradient_clip_val) and "mixed" in str(self.trainer.precision)
        optimizer = factory(self.parameters(), **({} if clips_mixed else fastest(kind, self.device)))
        if self.scheduler_factory is None:
            return optimizer
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": self.scheduler_factory(optimizer), "interval": "epoch"},
        }
