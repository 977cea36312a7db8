"""The lean steps compute what Lightning's own do, and stand back where they are not enough."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import Callback

from datamodules.keypoints import KeypointDataModule
from lightning_modules.classifier import ActionClassifier
from lightning_modules.lean_loop import LeanEpochLoop, is_plain
from tests.helpers import assert_same
from tests.lightning_modules.small import PRECISIONS, After, small_classifier, small_data, small_trainer

pytestmark = pytest.mark.filterwarnings("ignore:.*does not have many workers", "ignore:.*LeafSpec")
logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)


@pytest.fixture(scope="module")
def data() -> KeypointDataModule:
    return small_data()


class Checkpoints(Callback):
    """Takes what would be saved at the end of every epoch."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []

    def on_train_epoch_end(self, trainer: Trainer, pl_module: Any) -> None:
        self.taken.append(trainer._checkpoint_connector.dump_checkpoint(weights_only=False))


def trained(data: KeypointDataModule, folder: Path, lean: bool, **options: Any) -> tuple[Trainer, list[dict[str, Any]]]:
    checkpoints, seen = Checkpoints(), []
    after = After(lambda trainer, module, index: seen.append((index, trainer.global_step)))
    trainer = small_trainer(folder, [after, checkpoints], max_epochs=3, **options)
    if lean:
        LeanEpochLoop.install(trainer)
    torch.manual_seed(1)  # dropout
    scheduler = partial(torch.optim.lr_scheduler.StepLR, step_size=2)
    trainer.fit(small_classifier(data, dropout=0.3, scheduler=scheduler), datamodule=data)
    assert is_plain(trainer)
    assert seen == [(step % len(seen) % (len(seen) // 3), step + 1) for step in range(len(seen))]
    return trainer, checkpoints.taken


@pytest.mark.parametrize("clip", [None, 0.1])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_weights_metrics_and_counts_are_those_of_lightning(
    data: KeypointDataModule, tmp_path: Path, precision: str, clip: float | None
) -> None:
    options = {"precision": precision, "gradient_clip_val": clip}
    (ours, lean), (theirs, plain) = (trained(data, tmp_path, lean, **options) for lean in (True, False))
    assert_same(dict(ours.callback_metrics), dict(theirs.callback_metrics), "metrics")
    assert len(lean) == len(plain) == 3
    for one, other in zip(lean, plain, strict=True):
        for key in ("epoch", "global_step", "state_dict", "optimizer_states", "lr_schedulers"):
            assert_same(one[key], other[key], key)
        progress = [c["loops"]["fit_loop"]["epoch_loop.batch_progress"] for c in (one, other)]
        assert_same(*progress, "batch_progress")


class Hooked(Callback):
    """Wants to be called in the midst of a step."""

    def __init__(self) -> None:
        self.calls = 0

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: Any, optimizer: Any) -> None:
        self.calls += 1


class Scaled(ActionClassifier):
    """Does something of its own with the gradients."""

    def backward(self, loss: torch.Tensor, *args: Any, **kwargs: Any) -> None:
        (2 * loss).backward()


def test_a_hook_in_the_midst_of_a_step_is_called(data: KeypointDataModule, tmp_path: Path) -> None:
    hooked = Hooked()
    trainer = small_trainer(tmp_path, [hooked])
    LeanEpochLoop.install(trainer)
    trainer.fit(small_classifier(data), datamodule=data)
    assert not is_plain(trainer)
    assert hooked.calls == trainer.num_training_batches


@pytest.mark.parametrize("accumulate", [1, 2])
def test_what_a_module_or_the_trainer_asks_for_is_done(
    data: KeypointDataModule, tmp_path: Path, accumulate: int
) -> None:
    classifier = small_classifier(data)
    if accumulate == 1:
        classifier.__class__ = Scaled
    trainer = small_trainer(tmp_path, accumulate_grad_batches=accumulate)
    LeanEpochLoop.install(trainer)
    trainer.fit(classifier, datamodule=data)
    assert not is_plain(trainer)
    assert trainer.global_step == -(-trainer.num_training_batches // accumulate)
