"""Checkpoints are complete, run no code, and a resumed run is the uninterrupted one, bit for bit."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from pytorch_lightning import Trainer

from datamodules.keypoints import KeypointDataModule
from lightning_modules.checkpoints import BEST, LAST, AtomicCheckpointIO, EpochCheckpoint, EpochRow, epochs_to
from lightning_modules.classifier import ActionClassifier
from tests.lightning_modules.small import ADAM, After, small_classifier, small_data, small_trainer

pytestmark = pytest.mark.filterwarnings("ignore:.*does not have many workers", "ignore:.*LeafSpec")
logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)


@pytest.mark.parametrize("failing", ["torch.save", "os.fsync"])
def test_a_write_that_fails_leaves_the_old_checkpoint_and_nothing_beside_it(
    failing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    io, path = AtomicCheckpointIO(), tmp_path / "run" / "last.ckpt"
    io.save_checkpoint({"epoch": 1}, path)

    def fail(*arguments: Any) -> None:
        if failing == "torch.save":
            arguments[1].write(b"half of a")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(failing, fail)
    with pytest.raises(OSError, match="No space left"):
        io.save_checkpoint({"epoch": 2}, path)
    assert io.load_checkpoint(path) == {"epoch": 1}
    assert [file.name for file in path.parent.iterdir()] == ["last.ckpt"]


def test_the_target_is_complete_at_every_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    io, path = AtomicCheckpointIO(), tmp_path / "last.ckpt"
    io.save_checkpoint({"epoch": 1}, path)
    during: list[Any] = []
    save = torch.save

    def watch(content: Any, file: Any) -> None:
        save(content, file)
        during.append(io.load_checkpoint(path))

    monkeypatch.setattr(torch, "save", watch)
    io.save_checkpoint({"epoch": 2}, path)
    assert (during, io.load_checkpoint(path)) == ([{"epoch": 1}], {"epoch": 2})


class Pickled:
    """An object, which a checkpoint has no need of."""


@pytest.mark.parametrize("asked", [True, False, None])
def test_a_checkpoint_with_an_object_in_it_is_refused_whatever_is_asked_for(tmp_path: Path, asked: Any) -> None:
    torch.save({"state_dict": {}, "extra": Pickled()}, tmp_path / "a.ckpt")
    with pytest.raises(Exception, match=r"[Ww]eights.only"):
        AtomicCheckpointIO().load_checkpoint(tmp_path / "a.ckpt", weights_only=asked)


class Run:
    """One training run with its checkpoints, and what it reported."""

    def __init__(
        self, folder: Path, data: KeypointDataModule, monitor: str | None = "val/loss", **options: Any
    ) -> None:
        self.folder, self.data = folder, data
        self.reports: list[list[int]] = []
        self.checkpoint = EpochCheckpoint(folder, self.report, monitor)
        self.classifier = small_classifier(data, **options)

    def report(self, rows: list[EpochRow]) -> None:
        on_disk = torch.load(self.folder / LAST, weights_only=True)
        assert on_disk["epoch"] == len(rows) - 1  # the checkpoint comes before the report
        self.reports.append([row["epoch"] for row in rows])

    def fit(self, epochs: int, resume: bool = False, stop: Callable[[Trainer, int], bool] | None = None) -> Run:
        def check(trainer: Trainer, module: Any, batch_idx: int) -> None:
            if stop is not None and stop(trainer, batch_idx):
                raise KilledError

        trainer = small_trainer(self.folder, [self.checkpoint, After(check)], epochs)
        path = str(self.folder / LAST) if resume else None
        trainer.fit(self.classifier, datamodule=self.data, ckpt_path=path)
        return self

    def rows(self) -> list[tuple[int, dict[str, float]]]:
        return [(row["epoch"], row["values"]) for row in self.checkpoint.rows]


class KilledError(Exception):
    """In place of a signal."""


def assert_same_bits(one: ActionClassifier, other: ActionClassifier) -> None:
    for (name, a), b in zip(one.state_dict().items(), other.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


CHECKED = [
    ("adam", "resident", ADAM, None),
    ("adam", "workers", ADAM, None),
    ("rmsprop", "resident", partial(torch.optim.RMSprop, lr=1e-2), None),
    ("cosine", "resident", ADAM, partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=4)),
]


@pytest.mark.parametrize(
    ("loader", "optimizer", "scheduler"), [c[1:] for c in CHECKED], ids=["-".join(c[:2]) for c in CHECKED]
)
def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(
    loader: str, optimizer: Any, scheduler: Any, tmp_path: Path
) -> None:
    options = {"dropout": 0.3, "optimizer": optimizer, "scheduler": scheduler}

    def start(folder: str, **others: Any) -> Run:
        return Run(tmp_path / folder, small_data(loader=loader, num_workers=1), **(options | others))

    unbroken = start("unbroken").fit(4)
    broken = start("broken")
    with pytest.raises(KilledError):
        broken.fit(4, stop=lambda trainer, batch: trainer.current_epoch == 2 and batch == 1)
    assert broken.reports == [[1], [1, 2]]
    # Other weights and random states than those of the checkpoint: all must come from there.
    resumed = start("broken", seed=9)
    torch.manual_seed(123)
    resumed.fit(4, resume=True)
    assert_same_bits(unbroken.classifier, resumed.classifier)
    assert unbroken.rows() == resumed.rows()
    assert resumed.reports == [[1, 2, 3], [1, 2, 3, 4]]
    assert resumed.checkpoint.chosen_epoch == unbroken.checkpoint.chosen_epoch
    ours, theirs = (torch.load(tmp_path / folder / LAST, weights_only=True) for folder in ("unbroken", "broken"))
    for a, b in zip(
        ours["optimizer_states"][0]["state"].values(), theirs["optimizer_states"][0]["state"].values(), strict=True
    ):
        assert all(torch.equal(torch.as_tensor(a[key]), torch.as_tensor(b[key])) for key in a)


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    first, second = (Run(tmp_path / str(seed), small_data(), seed=seed, dropout=0.3).fit(1) for seed in (0, 1))
    assert first.rows() != second.rows()


def test_testing_the_chosen_epoch_leaves_the_history_and_restores_its_weights(tmp_path: Path) -> None:
    run = Run(tmp_path, small_data()).fit(3)
    best = torch.load(tmp_path / BEST, weights_only=True)
    trainer = small_trainer(tmp_path, [run.checkpoint], 3)
    with torch.no_grad():
        run.classifier.network.head.bias.fill_(7)
    trainer.test(run.classifier, datamodule=run.data, ckpt_path=str(run.checkpoint.chosen), verbose=False)
    assert torch.equal(run.classifier.network.head.bias, best["state_dict"]["network.head.bias"])
    assert [row["epoch"] for row in run.checkpoint.rows] == [1, 2, 3]
    losses = [row["values"]["val/loss"] for row in run.checkpoint.rows]
    assert run.checkpoint.chosen_epoch == 1 + losses.index(min(losses)) == best["epoch"] + 1


def end_epochs(folder: Path, values: list[float], mode: Any, monitor: str | None = "val/x") -> EpochCheckpoint:
    """Epochs that end with these values of the monitored metric; a checkpoint is the number of its epoch."""
    checkpoint = EpochCheckpoint(folder, lambda rows: None, monitor, mode)
    for epoch, value in enumerate(values):
        trainer: Any = SimpleNamespace(
            callback_metrics={"val/x": torch.tensor(value)},
            current_epoch=epoch,
            is_global_zero=True,
            save_checkpoint=lambda path, weights_only, epoch=epoch: path.write_text(str(epoch + 1)),
        )
        checkpoint.on_train_epoch_end(trainer, None)  # type: ignore[arg-type]
    return checkpoint


@pytest.mark.parametrize(
    ("values", "mode", "best"),
    [
        ([3.0, 1.0, 2.0, 1.0], "min", 2),
        ([0.5, 0.9, 0.7, 0.9], "max", 2),
        ([1.0, 1.0, 1.0], "min", 1),
        ([1.0, 2.0, 3.0], "max", 3),
        ([-1.0], "max", 1),
    ],
)
def test_the_best_epoch_is_the_first_with_the_best_value(
    values: list[float], mode: str, best: int, tmp_path: Path
) -> None:
    checkpoint = end_epochs(tmp_path, values, mode)
    assert checkpoint.chosen_epoch == best
    assert checkpoint.chosen == tmp_path / BEST
    assert (tmp_path / BEST).read_text() == str(best)
    assert (tmp_path / LAST).read_text() == str(len(values))


def test_without_a_metric_to_choose_by_the_last_epoch_is_chosen(tmp_path: Path) -> None:
    checkpoint = end_epochs(tmp_path, [1.0, 2.0], "min", monitor=None)
    assert (checkpoint.chosen, checkpoint.chosen_epoch) == (tmp_path / LAST, 2)
    assert not (tmp_path / BEST).exists()


def test_every_random_state_goes_on_where_the_checkpoint_left_it(tmp_path: Path) -> None:
    def draw() -> tuple[Any, ...]:
        return random.random(), random.gauss(0, 1), np.random.normal(), torch.rand(2).tolist()

    checkpoint = EpochCheckpoint(tmp_path, lambda rows: None)
    # An odd number of normal draws: the spare one is part of the state.
    random.gauss(0, 1)
    np.random.normal()
    path = tmp_path / "state.ckpt"
    AtomicCheckpointIO().save_checkpoint(checkpoint.state_dict(), path)
    expected = draw()
    draw()
    other = EpochCheckpoint(tmp_path, lambda rows: None)
    other.load_state_dict(AtomicCheckpointIO().load_checkpoint(path))
    nothing: Any = None
    other.on_train_epoch_start(nothing, nothing)
    assert draw() == expected
    other.on_train_epoch_start(nothing, nothing)  # only the first epoch after a resume
    assert draw() != expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [({"train": 0.99, "val": 0.9}, None), ({"train": 0.9, "test": 0.95}, 2), ({"train": 0.96}, 2)],
)
def test_the_first_alarming_epoch_is_of_the_held_out_part_where_there_is_one(
    parts: dict[str, float], expected: int | None
) -> None:
    start = {"epoch": 1, "time_ms": 0, "values": {f"{part}/accuracy": 0.1 for part in parts}}
    later = [{"epoch": e, "time_ms": 0, "values": {f"{p}/accuracy": a for p, a in parts.items()}} for e in (2, 3)]
    assert epochs_to([start, *later], 0.95) == expected


@pytest.mark.parametrize(("epochs", "stopped", "asked_after"), [(4, True, [1, 2]), (2, False, [1, 2])])
def test_a_training_stops_when_asked_but_not_after_its_last_epoch(
    epochs: int, stopped: bool, asked_after: list[int], tmp_path: Path
) -> None:
    run, asked = Run(tmp_path, small_data()), []

    def stops(rows: list[EpochRow]) -> bool:
        assert run.reports[-1] == [row["epoch"] for row in rows]  # what is kept comes first
        asked.append(rows[-1]["epoch"])
        return len(rows) == 2

    run.checkpoint.stops = stops
    run.fit(epochs)
    assert (run.checkpoint.stopped, asked, len(run.checkpoint.rows)) == (stopped, asked_after, 2)


def test_the_first_process_decides_for_all_whether_to_end(tmp_path: Path) -> None:
    def never(rows: list[EpochRow]) -> bool:
        raise AssertionError

    heard = []
    strategy = SimpleNamespace(broadcast=lambda own: heard.append(own) or True)
    other = SimpleNamespace(is_global_zero=False, strategy=strategy, current_epoch=0, max_epochs=3, should_stop=False)
    checkpoint = EpochCheckpoint(tmp_path, never, stops=never)
    checkpoint._stop_if_asked(other, never)
    assert (checkpoint.stopped, other.should_stop, heard) == (True, True, [False])
