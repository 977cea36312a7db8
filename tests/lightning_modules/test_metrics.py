"""Metrics against scikit-learn and against sums made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference
from torch.nn.functional import cross_entropy

from lightning_modules.errors import DivergenceError
from lightning_modules.metrics import PartMetrics, alarms, clip_accuracy, recalls, slug, summarize

CLASSES = 5
NAMES = ("walk", "falling down", "sit", "lie", "run")
pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60)


def confusion_of(truth: np.ndarray, predicted: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(reference.confusion_matrix(truth, predicted, labels=range(CLASSES)))


@settings(deadline=None, max_examples=50)
@given(pairs)
def test_accuracy_macro_f1_and_recalls_are_those_of_scikit_learn(rows: list[tuple[int, int]]) -> None:
    truth, predicted = np.array(rows).T
    confusion = confusion_of(truth, predicted)
    summary = summarize(confusion)
    assert summary["accuracy"] == pytest.approx(reference.accuracy_score(truth, predicted), abs=1e-6)
    f1 = reference.f1_score(truth, predicted, average="macro", zero_division=0)
    assert summary["macro_f1"] == pytest.approx(f1, abs=1e-6)
    expected = reference.recall_score(truth, predicted, labels=np.unique(truth), average=None)
    by_name = {f"recall/{NAMES[i].replace(' ', '_')}": r for i, r in zip(np.unique(truth), expected, strict=True)}
    assert recalls(confusion, NAMES) == pytest.approx(by_name)


@settings(deadline=None, max_examples=50)
@given(pairs, st.sets(st.integers(0, 4)))
def test_alarms_are_what_a_detector_of_abnormal_windows_would_score(
    rows: list[tuple[int, int]], abnormal: set[int]
) -> None:
    truth, predicted = np.array(rows).T
    expected = {}
    for name, is_kind in (("abnormal_recall", True), ("false_alarm_rate", False)):
        alarmed = [p in abnormal for t, p in rows if (t in abnormal) == is_kind]
        if alarmed and abnormal:
            expected[name] = sum(alarmed) / len(alarmed)
    assert alarms(confusion_of(truth, predicted), sorted(abnormal)) == pytest.approx(expected)


def test_a_clip_is_right_where_its_mean_probability_is() -> None:
    probabilities = torch.tensor([[0.9, 0.1], [0.4, 0.6], [0.4, 0.6], [0.1, 0.9], [0.8, 0.2]])
    clip, target = torch.tensor([7, 7, 7, 2, 5], dtype=torch.int32), torch.tensor([0, 0, 0, 1, 1])
    # Clip 7: two of three windows are wrong, the mean is right. Clip 5 is wrong.
    assert clip_accuracy(probabilities, clip, target) == pytest.approx(2 / 3)


def run(sizes: list[int], seed: int = 0) -> tuple[PartMetrics, torch.Tensor, torch.Tensor]:
    """A pass over batches of these sizes, and all of its logits and targets."""
    generator = torch.Generator().manual_seed(seed)
    metrics = PartMetrics(CLASSES)
    logits = torch.randn(sum(sizes), CLASSES, generator=generator) * 3
    target = torch.randint(0, CLASSES, (sum(sizes),), generator=generator)
    for x, y in zip(logits.split(sizes), target.split(sizes), strict=True):
        metrics.update(cross_entropy(x, y), x, y)
    return metrics, logits, target


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 1000))
def test_a_pass_counts_every_window_alike_however_large_its_batch(sizes: list[int], seed: int) -> None:
    metrics, logits, target = run(sizes, seed)
    loss, confusion = metrics.compute()
    assert loss == pytest.approx(cross_entropy(logits, target).item(), rel=1e-5)
    assert torch.equal(confusion, confusion_of(target.numpy(), logits.argmax(dim=1).numpy()))


def test_after_a_pass_or_a_reset_nothing_is_left_of_it() -> None:
    metrics, logits, target = run([8, 3])
    metrics.compute()
    metrics.update(cross_entropy(logits[:4], target[:4]), logits[:4], target[:4])
    metrics.reset()
    assert metrics.latest() is None
    metrics.update(cross_entropy(logits[4:], target[4:]), logits[4:], target[4:])
    loss, confusion = metrics.compute()
    assert confusion.sum() == 7
    assert loss == pytest.approx(cross_entropy(logits[4:], target[4:]).item(), rel=1e-5)


def test_the_last_step_can_be_looked_at() -> None:
    metrics, logits, target = run([8, 5])
    loss, accuracy = metrics.latest() or (0.0, 0.0)
    assert loss == pytest.approx(cross_entropy(logits[8:], target[8:]).item())
    assert accuracy == pytest.approx((logits[8:].argmax(1) == target[8:]).float().mean().item())


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_no_number_names_its_step(bad: float) -> None:
    metrics, logits, target = run([4, 4])
    metrics.update(torch.tensor(bad), logits[:4], target[:4])
    with pytest.raises(DivergenceError, match=f"became {bad} in step 3 of 3"):
        metrics.compute()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("falling down", "falling_down"),
        ("Lift (heavy)", "lift_heavy"),
        ("A-1", "a_1"),
        ("걷기 2", "걷기_2"),
        ("!", "_"),
    ],
)
def test_class_names_become_names_of_metrics(name: str, expected: str) -> None:
    assert slug(name) == expected
