"""Classifiers of scikit-learn to compare networks with: fitted to all training windows at once, on the CPU."""

from __future__ import annotations

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from torch import nn

from lightning_modules.errors import FitError

Floats = npt.NDArray[np.floating[Any]]
Classes = npt.NDArray[np.int64]

_CACHE = 1_000  # MB that an SVM may keep of its kernel matrix: at scikit-learn's 200 it computes the same rows again


@dataclass(eq=False)
class Baseline(ABC):
    """An estimator of scikit-learn, the settings it is made with, and the same function as a network.

    Args:
        num_classes: K. Columns of what it predicts, also where the training part lacks a class.
        seed: of whatever it draws.
        num_threads: of the CPU.
    """

    # Without: what it predicts is 1 for a class and 0 for the others, a vote; there is no cross entropy of that.
    gives_probabilities: ClassVar[bool] = True

    num_classes: int
    seed: int = 0
    num_threads: int = 1

    def __post_init__(self) -> None:
        self.estimator = self._make_estimator()

    @abstractmethod
    def _make_estimator(self) -> Any:
        """Return the estimator, not yet fitted."""

    @abstractmethod
    def network(self) -> nn.Module:
        """Return the fitted model as a network: features `[B, T, F]` to logits `[B, K]`; their softmax is `predict`."""

    def fit(self, features: Floats, target: Classes, weights: Floats | None = None) -> None:
        """Fit the estimator.

        Args:
            features: `[N, T * F]` float32, a window a row.
            target: `[N]`, class index.
            weights: `[N]`, how much each window counts; None for all alike.
        """
        self.estimator.fit(features, target, sample_weight=weights)

    def predict(self, features: Floats) -> Floats:
        """Return probabilities, or votes, `[N, K]` float64 of features `[N, T * F]`.

        Each thread takes a share of the windows, so that the sums over a forest's trees have one order, and the same
        last digit, for any number of threads.
        """
        shares = np.array_split(features, min(self.num_threads, len(features)))
        with ThreadPoolExecutor(len(shares)) as pool:
            predicted = np.concatenate(list(pool.map(self._predict_known, shares)))
        columns = np.zeros((len(features), self.num_classes))
        columns[:, self.estimator.classes_] = predicted
        return columns

    def _predict_known(self, features: Floats) -> Floats:
        """Return a column for each class of the training part, in the order of their index."""
        return self.estimator.predict_proba(features)  # type: ignore[no-any-return]


@dataclass(eq=False)
class Majority(Baseline):
    """The share of each class in the training part, for every window: what a model must beat.

    Example:
        >>> baseline = Majority(num_classes=3)
        >>> baseline.fit(np.zeros((4, 6), np.float32), np.array([0, 0, 0, 2]))
        >>> baseline.predict(np.ones((1, 6), np.float32))
        array([[0.75, 0.  , 0.25]])
    """

    def _make_estimator(self) -> Any:
        from sklearn.dummy import DummyClassifier

        return DummyClassifier(strategy="prior")

    def network(self) -> nn.Module:
        """Return a network of these shares."""
        from lightning_modules.baseline_networks import MajorityNetwork

        return MajorityNetwork(self.estimator.class_prior_, self.estimator.classes_, self.num_classes)


@dataclass(eq=False)
class RandomForest(Baseline):
    """Trees on bootstrap samples, each choosing among the square root of all features (Breiman 2001).

    Args:
        num_classes: K.
        seed: of samples and choices.
        num_threads: trees that grow at a time.
        num_trees: at least 1.
        max_depth: splits from a root to a leaf; None for as many as it takes.
        min_samples_leaf: training windows in a leaf, at least.

    Example:
        >>> import torch
        >>> features, target = np.array([[0.0], [0.1], [0.9], [1.0]], np.float32), np.array([0, 0, 1, 1])
        >>> forest = RandomForest(num_classes=2, num_trees=10)
        >>> forest.fit(features, target)
        >>> forest.predict(features).argmax(axis=1)
        array([0, 0, 1, 1])
        >>> forest.network()(torch.tensor([[[0.05]], [[0.95]]])).argmax(dim=1)
        tensor([0, 1])
    """

    num_trees: int = 100
    max_depth: int | None = None
    min_samples_leaf: int = 1

    def _make_estimator(self) -> Any:
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(
            self.num_trees,
            max_depth=self.max_depth,
            min_samples_leaf=self.min_samples_leaf,
            random_state=self.seed,
            n_jobs=self.num_threads,
        )

    def fit(self, features: Floats, target: Classes, weights: Floats | None = None) -> None:
        """Grow the trees."""
        super().fit(features, target, weights)
        self.estimator.set_params(n_jobs=1)  # `predict` shares out windows, not trees

    def network(self) -> nn.Module:
        """Return the trees as a network of node tables."""
        from lightning_modules.baseline_networks import ForestNetwork

        trees = [tree.tree_ for tree in self.estimator.estimators_]
        return ForestNetwork(trees, self.estimator.classes_, self.num_classes)


@dataclass(eq=False)
class SVM(Baseline):
    """A support vector machine with an RBF kernel for each pair of classes, which vote (Cortes & Vapnik 1995; LIBSVM).

    It draws nothing: other seeds give the same machine. Probabilities would take five more machines (Platt 1999).

    Args:
        num_classes: K.
        seed: of nothing.
        num_threads: of prediction; scikit-learn fits in one.
        C: above 0; the larger, the fewer training windows may be on the wrong side.
        gamma: of exp(-gamma |a - b|^2), above 0; `scale` for 1 / (features * their variance), `auto` for 1 / features.

    Example:
        >>> machine = SVM(num_classes=2)
        >>> machine.fit(np.array([[0.0], [0.1], [0.9], [1.0]], np.float32), np.array([0, 0, 1, 1]))
        >>> machine.predict(np.array([[0.2], [0.8]], np.float32))
        array([[1., 0.],
               [0., 1.]])
    """

    gives_probabilities: ClassVar[bool] = False

    C: float = 1.0
    gamma: float | Literal["scale", "auto"] = "scale"

    def _make_estimator(self) -> Any:
        from sklearn.svm import SVC

        return SVC(C=self.C, gamma=self.gamma, cache_size=_CACHE)

    def fit(self, features: Floats, target: Classes, weights: Floats | None = None) -> None:
        """Find the support vectors.

        Raises:
            FitError: there is one class only.
        """
        if len(np.unique(target)) < 2:
            raise FitError("`model`=svm: the training part has one class only; choose another `split`")
        super().fit(features, target, weights)

    def _predict_known(self, features: Floats) -> Floats:
        votes: Floats = np.equal.outer(self.estimator.predict(features), self.estimator.classes_).astype(float)
        return votes

    def network(self) -> nn.Module:
        """Return the support vectors, and the weight of each in each pair of classes, as a network."""
        from lightning_modules.baseline_networks import SVMNetwork

        return SVMNetwork(self.estimator, self.num_classes)
