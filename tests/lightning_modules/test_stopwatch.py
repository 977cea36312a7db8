"""Training is timed, and what stands around it is not."""

from __future__ import annotations

import time

import pytest
from pytorch_lightning.callbacks import Callback

from lightning_modules.checkpoints import LAST, EpochCheckpoint
from lightning_modules.stopwatch import Stopwatch, speeds
from tests.lightning_modules.small import small_classifier, small_data, small_trainer


class Slow(Callback):
    """Sleeps in every epoch: in training, in validation, and before the checkpoint is written."""

    def __init__(self, train: float = 0, val: float = 0, report: float = 0) -> None:
        self.train, self.val, self.report = train, val, report

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        if batch_idx == 0:
            time.sleep(self.train)

    def on_validation_batch_end(self, trainer, pl_module, outputs, batch, batch_idx, dataloader_idx=0) -> None:
        if batch_idx == 0:
            time.sleep(self.val)


def trained(folder, slow: Slow, epochs: int = 2, resumed: bool = False):
    data = small_data()
    watch = Stopwatch()
    checkpoint = EpochCheckpoint(folder, lambda rows: time.sleep(slow.report), "val/loss")
    trainer = small_trainer(folder, [checkpoint, watch, slow], max_epochs=epochs)
    classifier = small_classifier(data)
    start = time.perf_counter()
    trainer.fit(classifier, datamodule=data, ckpt_path=str(folder / LAST) if resumed else None)
    wall = time.perf_counter() - start
    trainer.test(classifier, datamodule=data, verbose=False)
    return trainer, watch, wall, len(data.parts.windows["test"])


@pytest.mark.slow
def test_validation_and_reports_do_not_count(tmp_path) -> None:
    _, watch, wall, _ = trained(tmp_path, Slow(val=0.5, report=0.5))
    assert 0 < watch.fit_seconds < wall - 1.9


def test_every_epoch_of_training_counts_also_those_before_a_resume(tmp_path) -> None:
    _, before, _, _ = trained(tmp_path, Slow(train=0.3))
    assert before.fit_seconds > 0.6
    _, after, wall, _ = trained(tmp_path, Slow(train=0.3), epochs=3, resumed=True)
    assert before.fit_seconds + 0.3 < after.fit_seconds < before.fit_seconds + wall


def test_speeds_are_of_the_fit_and_of_the_test_part(tmp_path) -> None:
    trainer, watch, _, windows = trained(tmp_path, Slow(), epochs=1)
    assert speeds(trainer, windows) == {
        "fit_seconds": watch.fit_seconds,
        "predict_windows_per_s": pytest.approx(windows / watch.test_seconds),
    }


def test_all_epochs_count_also_where_an_earlier_one_is_tested(tmp_path) -> None:
    data, watch = small_data(), Stopwatch()
    checkpoint = EpochCheckpoint(tmp_path, lambda _: None, "val/loss", "max")  # the worst epoch: here the first
    trainer = small_trainer(tmp_path, [checkpoint, watch, Slow(train=0.3)], max_epochs=3)
    classifier = small_classifier(data)
    trainer.fit(classifier, datamodule=data)
    assert checkpoint.best_epoch == 1
    total = watch.fit_seconds
    trainer.test(classifier, datamodule=data, ckpt_path=str(checkpoint.chosen), verbose=False)
    assert watch.fit_seconds < total  # it was set back with the rest of the checkpoint
    assert speeds(trainer, 1)["fit_seconds"] == total
