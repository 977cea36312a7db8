"""The LightningModule under a real Trainer."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Trainer
from torch.nn.functional import cross_entropy

from datamodules.keypoints import KeypointDataModule
from lightning_modules.classifier import ActionClassifier
from lightning_modules.errors import DivergenceError
from lightning_modules.metrics import clip_accuracy
from lightning_modules.optimizers import fastest
from lightning_modules.progress import RunProgress
from tests.lightning_modules.small import PRECISIONS, After, small_classifier, small_data, small_trainer

pytestmark = pytest.mark.filterwarnings("ignore:.*does not have many workers", "ignore:.*LeafSpec")
logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)


@pytest.fixture(scope="module")
def data() -> KeypointDataModule:
    return small_data(test_curve=True)


def all_windows(data: KeypointDataModule, part: str) -> Any:
    windows = data.parts.windows[part]
    return windows.gather(torch.arange(len(windows)))


def fit(classifier: ActionClassifier, data: KeypointDataModule, folder: Path, **options: Any) -> Trainer:
    trainer = small_trainer(folder, **options)
    trainer.fit(classifier, datamodule=data)
    return trainer


def test_it_learns_and_reports_every_part_of_the_curve(data: KeypointDataModule, tmp_path: Path) -> None:
    classifier = small_classifier(data)
    trainer = fit(classifier, data, tmp_path, max_epochs=8)
    logged = {name: value.item() for name, value in trainer.callback_metrics.items()}
    assert set(logged) == {f"{p}/{m}" for p in ("train", "val", "test") for m in ("loss", "accuracy", "macro_f1")}
    assert logged["train/accuracy"] > 0.95
    for part in ("val", "test"):
        batch = all_windows(data, part)
        classifier.eval()
        with torch.no_grad():
            logits = classifier(batch.keypoints)
        assert logged[f"{part}/loss"] == pytest.approx(cross_entropy(logits, batch.target).item(), rel=1e-4)
        assert logged[f"{part}/accuracy"] == pytest.approx((logits.argmax(1) == batch.target).float().mean().item())


def test_the_test_part_gives_all_its_numbers_and_keeps_every_window(data: KeypointDataModule, tmp_path: Path) -> None:
    classifier = small_classifier(data, abnormal_classes=["fall"])
    trainer = small_trainer(tmp_path)
    trainer.test(classifier, datamodule=data, verbose=False)
    result, batch = classifier.test_result, all_windows(data, "test")
    assert result is not None
    assert torch.equal(result.target, batch.target)
    assert torch.equal(result.clip, batch.clip)
    with torch.no_grad():
        expected = classifier.eval()(batch.keypoints).softmax(dim=1)
    torch.testing.assert_close(result.probabilities, expected)
    predicted = result.probabilities.argmax(dim=1)
    hits = predicted == result.target
    assert result.confusion.sum() == len(batch.target)
    assert result.confusion.diag().sum() == hits.sum()
    falls = result.target == 0
    values = {name.removeprefix("test/"): value.item() for name, value in trainer.callback_metrics.items()}
    assert values["recall/fall"] == values["abnormal_recall"] == pytest.approx(hits[falls].float().mean().item())
    assert values["false_alarm_rate"] == pytest.approx(1 - hits[~falls].float().mean().item())
    assert values["clip_accuracy"] == pytest.approx(clip_accuracy(result.probabilities, batch.clip, batch.target))
    trainer.test(classifier, datamodule=data, verbose=False)
    assert len(classifier.test_result.target) == len(batch.target)  # type: ignore[union-attr]


def test_class_weights_and_label_smoothing_reach_the_loss(data: KeypointDataModule) -> None:
    weights = torch.tensor([0.2, 3.0])
    classifier = small_classifier(data, class_weights=weights, label_smoothing=0.3)
    batch = all_windows(data, "train")
    loss = classifier.training_step(batch, 0)
    logits = classifier(batch.keypoints)
    logs = logits.log_softmax(dim=1)
    w, rows = weights[batch.target], torch.arange(len(logs))
    by_hand = (0.7 * -w * logs[rows, batch.target] - 0.15 * (weights * logs).sum(dim=1)).sum() / w.sum()
    torch.testing.assert_close(loss, by_hand)
    assert not torch.isclose(loss, cross_entropy(logits, batch.target))
    assert "class_weights" not in classifier.state_dict()


def test_the_scheduler_steps_once_an_epoch(data: KeypointDataModule, tmp_path: Path) -> None:
    rates: list[list[float]] = [[] for _ in range(4)]

    def note(trainer: Trainer, module: Any, batch_idx: int) -> None:
        rates[trainer.current_epoch].append(trainer.optimizers[0].param_groups[0]["lr"])

    cosine = partial(torch.optim.lr_scheduler.CosineAnnealingLR, T_max=4)
    fit(small_classifier(data, scheduler=cosine), data, tmp_path, max_epochs=4, callbacks=[After(note)])
    # After the last batch of an epoch the scheduler has stepped already.
    assert all(len(set(epoch[:-1])) == 1 and len(epoch) > 2 for epoch in rates)
    expected = [1e-2 * (1 + torch.cos(torch.tensor(torch.pi * epoch / 4)).item()) / 2 for epoch in range(4)]
    assert [epoch[0] for epoch in rates] == pytest.approx(expected)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.SGD, torch.optim.RMSprop])
def test_gradients_are_clipped_with_every_optimizer_and_precision(
    data: KeypointDataModule, tmp_path: Path, kind: Any, precision: Any
) -> None:
    def check(trainer: Trainer, module: Any, batch_idx: int) -> None:
        norms.append(torch.nn.utils.get_total_norm([p.grad for p in module.parameters()]).item())

    norms: list[float] = []
    options = {"gradient_clip_val": 1e-3, "precision": precision, "limit_train_batches": 2, "limit_val_batches": 1}
    fit(small_classifier(data, optimizer=partial(kind, lr=1e-3)), data, tmp_path, callbacks=[After(check)], **options)
    assert norms == pytest.approx([1e-3] * 2, rel=1e-2)


OPTIMIZERS = {
    "adam": partial(torch.optim.Adam, lr=1e-3, betas=(0.9, 0.999), eps=1e-8),
    "adamw": partial(torch.optim.AdamW, lr=1e-3, weight_decay=1e-2),
    "rmsprop": partial(torch.optim.RMSprop, lr=1e-3, alpha=0.99, momentum=0.0, centered=False),
    "sgd": partial(torch.optim.SGD, lr=1e-3, momentum=0.9, nesterov=True),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_takes_the_step_that_pytorchs_plain_one_takes(
    data: KeypointDataModule, tmp_path: Path, name: str
) -> None:
    factory = OPTIMIZERS[name]
    classifier = small_classifier(data, optimizer=factory)
    twin = small_classifier(data)
    trainer = fit(classifier, data, tmp_path, limit_train_batches=1, limit_val_batches=0)
    assert type(trainer.optimizers[0]) is factory.func
    assert trainer.optimizers[0].defaults["lr"] == 1e-3
    assert bool(trainer.optimizers[0].defaults.get("fused")) == (name != "rmsprop")
    plain = factory(twin.parameters(), foreach=False)
    batch = next(iter(data.train_dataloader()))
    cross_entropy(twin(batch.keypoints), batch.target).backward()
    plain.step()
    for (key, ours), theirs in zip(classifier.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6, msg=key)


@pytest.mark.parametrize(
    ("kind", "on_cpu", "on_gpu"),
    [
        (torch.optim.Adam, {"fused": True}, {"fused": True}),
        (torch.optim.AdamW, {"fused": True}, {"fused": True}),
        (torch.optim.SGD, {"fused": True}, {"fused": True}),
        (torch.optim.RMSprop, {}, {"foreach": True}),
    ],
)
def test_the_fastest_implementation_is_chosen(kind: Any, on_cpu: dict[str, bool], on_gpu: dict[str, bool]) -> None:
    assert fastest(kind, torch.device("cpu")) == on_cpu
    assert fastest(kind, torch.device("cuda")) == on_gpu


def test_a_loss_that_is_no_number_names_step_epoch_and_remedy(data: KeypointDataModule, tmp_path: Path) -> None:
    def spoil(trainer: Trainer, module: Any, batch_idx: int) -> None:
        if (trainer.current_epoch, batch_idx) == (1, 2):
            with torch.no_grad():
                module.network.head.bias.fill_(torch.nan)

    with pytest.raises(DivergenceError, match=r"nan in step 4 of \d+ of epoch 2 \(train\).*lower `lr`") as caught:
        fit(small_classifier(data), data, tmp_path, max_epochs=3, callbacks=[After(spoil)], limit_val_batches=0)
    assert "\n" not in str(caught.value)


def test_an_epoch_that_was_broken_off_is_not_counted(data: KeypointDataModule, tmp_path: Path) -> None:
    classifier = small_classifier(data)

    def stop(trainer: Trainer, module: Any, batch_idx: int) -> None:
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        fit(classifier, data, tmp_path, callbacks=[After(stop)])
    assert classifier.metrics_of("train").latest() is not None
    seen: list[int] = []
    compute = classifier.metrics_of("train").compute

    def count() -> Any:
        loss, confusion = compute()
        seen.append(int(confusion.sum()))
        return loss, confusion

    classifier.metrics_of("train").compute = count  # type: ignore[method-assign]
    fit(classifier, data, tmp_path)
    assert seen == [len(data.parts.windows["train"])]


@pytest.mark.parametrize("epochs", [1, 25])
def test_where_there_is_no_terminal_progress_is_a_few_lines(
    data: KeypointDataModule, tmp_path: Path, capsys: pytest.CaptureFixture[str], epochs: int
) -> None:
    fit(
        small_classifier(data),
        data,
        tmp_path,
        max_epochs=epochs,
        callbacks=[RunProgress("adam")],
        limit_train_batches=1,
    )
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == (1 if epochs == 1 else 13)
    assert lines[-1].startswith(f"adam: epoch {epochs}/{epochs}  train/loss ")
    assert "val/accuracy" in lines[-1]
    assert lines[-1].endswith(" windows/s")
