"""A training run that takes a second: few people, a small network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import Callback

from datamodules.keypoints import KeypointDataModule
from datamodules.splits import Split
from lightning_modules.checkpoints import AtomicCheckpointIO
from lightning_modules.classifier import ActionClassifier
from lightning_modules.machine import cpu_supports
from lightning_modules.networks import LSTMClassifier
from lightning_modules.normalizers import make_normalizer
from tests.clips import make_data, make_people

PRECISIONS = [
    "32-true",
    pytest.param(
        "bf16-mixed",
        marks=pytest.mark.skipif(not cpu_supports("bf16-mixed"), reason="this CPU has no bfloat16 instructions"),
    ),
]
ADAM = partial(torch.optim.Adam, lr=1e-2)


def small_data(**options: Any) -> KeypointDataModule:
    """Data of six people with 11 or 12 windows in the last batch."""
    defaults = {"split": Split("subject", 0.2, 0.2), "batch_size": 16, "sequence_length": 9, "stride": 5}
    return make_data(make_people(), **(defaults | options))


def small_classifier(data: KeypointDataModule, dropout: float = 0.0, seed: int = 0, **options: Any) -> ActionClassifier:
    """A classifier of this data with 2 x 8 cells."""
    torch.manual_seed(seed)
    normalizer = make_normalizer("standard", 3, 2, 2)
    normalizer.fit(data.train_frames())
    network = LSTMClassifier(normalizer.num_features, len(data.class_names), 2, 8, dropout)
    defaults = {"optimizer": ADAM, "curve_parts": data.curve_parts}
    return ActionClassifier(normalizer, network, data.class_names, **(defaults | options))


def small_trainer(folder: Path, callbacks: Sequence[Callback] = (), max_epochs: int = 1, **options: Any) -> Trainer:
    """A Trainer as train.py has it: checkpoints and tracking are not Lightning's."""
    return Trainer(
        accelerator="cpu",
        devices=1,
        max_epochs=max_epochs,
        callbacks=list(callbacks),
        plugins=[AtomicCheckpointIO()],
        default_root_dir=str(folder),
        logger=False,
        enable_checkpointing=any(type(callback).__name__ == "EpochCheckpoint" for callback in callbacks),
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        **options,
    )


class After(Callback):
    """Calls a function after every training step."""

    def __init__(self, call: Callable[[Trainer, Any, int], None]) -> None:
        self.call = call

    def on_train_batch_end(self, trainer: Trainer, module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        self.call(trainer, module, batch_idx)
