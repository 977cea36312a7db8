"""Baselines predict and count what scikit-learn called directly does, and are the same functions as networks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score, log_loss, recall_score
from sklearn.svm import SVC

from lightning_modules.baseline_classifier import BaselineClassifier
from lightning_modules.baselines import SVM, Baseline, Majority, RandomForest
from lightning_modules.errors import FitError
from lightning_modules.normalizers import make_normalizer
from lightning_modules.recognizer import Recognizer
from tests.lightning_modules.small import small_data

FRAMES, FEATURES = 3, 4
KINDS = {
    "majority": (Majority, {}, DummyClassifier(strategy="prior")),
    "forest": (RandomForest, {"num_trees": 7}, RandomForestClassifier(7, random_state=3)),
    "low forest": (
        RandomForest,
        {"num_trees": 5, "max_depth": 2, "min_samples_leaf": 4},
        RandomForestClassifier(5, max_depth=2, min_samples_leaf=4, random_state=3),
    ),
    "svm": (SVM, {}, SVC()),
    "narrow svm": (SVM, {"C": 20, "gamma": 0.3}, SVC(C=20, gamma=0.3)),
    "auto svm": (SVM, {"gamma": "auto"}, SVC(gamma="auto")),
}


def draw(seed: int, count: int, classes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Windows `[count, T * F]` float32 around a middle for each class, which overlap; every class is there."""
    rng = np.random.default_rng(seed)
    target = rng.permutation(np.resize(classes, count))
    middles = rng.normal(0, 1, (max(classes) + 1, FRAMES * FEATURES))
    return (middles[target] + rng.normal(0, 1.5, (count, FRAMES * FEATURES))).astype(np.float32), target


def fitted(kind: str, features: np.ndarray, target: np.ndarray, num_classes: int, threads: int = 1) -> Baseline:
    make, settings, _ = KINDS[kind]
    baseline = make(num_classes, 3, threads, **settings)
    baseline.fit(features, target)
    return baseline


@settings(deadline=None, max_examples=15)
@given(
    seed=st.integers(0, 2**16),
    classes=st.sampled_from([[0, 1], [1, 3], [0, 1, 2], [0, 2, 3, 5], list(range(6))]),
    count=st.integers(20, 120),
    weighted=st.booleans(),
)
@pytest.mark.parametrize("kind", KINDS)
def test_network_and_baseline_predict_what_scikit_learn_does(
    kind: str, seed: int, classes: list[int], count: int, weighted: bool
) -> None:
    features, target = draw(seed, count, classes)
    others, _ = draw(seed + 1, 60, classes)
    weights = np.linspace(0.5, 2, count) if weighted else None
    make, settings, direct = KINDS[kind]
    baseline = make(6, 3, 2, **settings)
    baseline.fit(features, target, weights)
    direct.fit(features, target, sample_weight=weights)
    expected = np.zeros((60, 6))
    if isinstance(direct, SVC):
        expected[np.arange(60), direct.predict(others)] = 1
    else:
        expected[:, direct.classes_] = direct.predict_proba(others)
    predicted = baseline.predict(others)
    np.testing.assert_allclose(predicted, expected, rtol=0, atol=1e-12)
    logits = baseline.network()(torch.from_numpy(others).reshape(60, FRAMES, FEATURES))
    np.testing.assert_allclose(logits.softmax(dim=1).numpy(), expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("kind", ["low forest", "svm"])
def test_the_number_of_threads_changes_no_bit(kind: str) -> None:
    features, target = draw(0, 300, list(range(6)))
    one, three = (fitted(kind, features, target, 6, threads).predict(features) for threads in (1, 3))
    assert (one == three).all()


def test_other_seeds_grow_other_forests() -> None:
    features, target = draw(0, 100, [0, 1, 2])
    predicted = []
    for seed in (0, 1):
        forest = RandomForest(3, seed)
        forest.fit(features, target)
        predicted.append(forest.predict(draw(1, 50, [0, 1, 2])[0]))
    assert (predicted[0] != predicted[1]).any()


def test_an_svm_of_one_class_says_what_to_change() -> None:
    with pytest.raises(FitError, match="one class only; choose another `split`"):
        SVM(3).fit(np.zeros((5, 2), np.float32), np.ones(5, np.int64))


@pytest.mark.parametrize("kind", KINDS)
def test_a_recognizer_of_a_baseline_is_exported_for_any_batch_size(kind: str) -> None:
    features, target = draw(0, 80, [0, 1, 2])
    network = fitted(kind, features, target, 3).network()
    recognizer = Recognizer(make_normalizer("none", 2, 2, 2), network, with_scores=False).eval()
    batch = torch.export.Dim("batch")
    example = (torch.randn(2, FRAMES, 2, 2), torch.ones(2, FRAMES, 2))
    with torch.no_grad():
        exported = torch.export.export(recognizer, example, dynamic_shapes=({0: batch}, {0: batch})).module()
        for size in (1, 3, 40):
            keypoints, scores = torch.randn(size, FRAMES, 2, 2), torch.rand(size, FRAMES, 2).round()
            torch.testing.assert_close(exported(keypoints, scores), recognizer(keypoints, scores))


# Through key points and metrics ---------------------------------------------------------------------------------------


def classifier_of(kind: str, weights: torch.Tensor | None = None):
    data = small_data()
    normalizer = make_normalizer("standard", 3, 2, 2)
    normalizer.fit(data.train_frames())
    make, settings, direct = KINDS[kind]
    classifier = BaselineClassifier(normalizer, make(2, 3, **settings), data.class_names, weights, ["fall"])
    classifier.fit(data.batches("train"))
    return data, classifier, direct


def windows_of(data, normalizer, part: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    windows = data.parts.windows[part]
    every = windows.gather(torch.arange(len(windows)))
    return normalizer(every.keypoints).flatten(1).numpy(), every.target.numpy(), every.clip.numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_metrics_are_those_of_scikit_learn(kind: str) -> None:
    data, classifier, direct = classifier_of(kind)
    direct.fit(*windows_of(data, classifier.normalizer, "train")[:2])
    for part in ("train", "val", "test"):
        features, target, clip = windows_of(data, classifier.normalizer, part)
        values = classifier.evaluate(part, data.batches(part))
        predicted = direct.predict(features)
        assert values[f"{part}/accuracy"] == pytest.approx(accuracy_score(target, predicted))
        assert values[f"{part}/macro_f1"] == pytest.approx(f1_score(target, predicted, average="macro"))
        assert (f"{part}/loss" in values) == (not isinstance(direct, SVC))
        if f"{part}/loss" in values:
            loss = log_loss(target, direct.predict_proba(features).astype(np.float32))
            assert values[f"{part}/loss"] == pytest.approx(loss, rel=1e-4, abs=1e-6)
    fall, walk = recall_score(target, predicted, average=None)  # data.class_names is sorted
    assert (values["test/recall/fall"], values["test/recall/walk"]) == (pytest.approx(fall), pytest.approx(walk))
    assert values["test/abnormal_recall"] == pytest.approx(fall)
    assert values["test/false_alarm_rate"] == pytest.approx(1 - walk)
    columns = np.eye(2)[predicted] if isinstance(direct, SVC) else direct.predict_proba(features)
    right = [columns[clip == one].sum(axis=0).argmax() == target[clip == one][0] for one in np.unique(clip)]
    assert values["test/clip_accuracy"] == pytest.approx(np.mean(right))
    assert classifier.test_result.confusion.sum() == len(target)


def test_class_weights_count_in_fitting_and_in_the_loss() -> None:
    weights = torch.tensor([1.0, 4.0])
    data, classifier, _ = classifier_of("low forest", weights)
    features, target, _ = windows_of(data, classifier.normalizer, "train")
    direct = RandomForestClassifier(5, max_depth=2, min_samples_leaf=4, random_state=3, class_weight={0: 1, 1: 4})
    direct.fit(features, target)
    features, target, _ = windows_of(data, classifier.normalizer, "test")
    np.testing.assert_allclose(classifier.baseline.predict(features), direct.predict_proba(features))
    loss = log_loss(target, direct.predict_proba(features).astype(np.float32), sample_weight=weights.numpy()[target])
    assert classifier.evaluate("test", data.batches("test"))["test/loss"] == pytest.approx(loss, rel=1e-4)


def test_speeds_are_measured() -> None:
    data, classifier, _ = classifier_of("forest")
    classifier.evaluate("test", data.batches("test"))
    assert 0 < classifier.fit_seconds < 60
    assert classifier.predict_windows_per_s > 0
