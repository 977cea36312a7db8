"""Classifiers of scikit-learn to compare networks with: fitted to all training windows at once, on the CPU."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from torch import nn

from lightning_modules.errors import FitError

Floats = npt.NDArray[np.floating[Any]]
Classes = npt.NDArray[np.int64]

_CACHE = 1_000  # MB that an SVM may keep of its kernel matrix: at scikit-learn's 200 it computes the same rows again


class Baseline(ABC):
    """An estimator of scikit-learn, the settings it is made with, and the same function as a network.

    Args:
        num_classes: K. Columns of what it predicts, also where the training part lacks a class.
        seed: of whatever it draws.
        num_threads: of the CPU.
    """

    # Without: what it predicts is 1 for a class and 0 for the others, a vote; there is no cross entropy of that.
    gives_probabilities: ClassVar[bool] = True

    def __init__(self, num_classes: int, seed: int = 0, num_threads: int = 1) -> None:
        self.num_classes = num_classes
        self.seed = seed
        self.num_threads = num_threads
        self.estimator = self._make()

    @abstractmethod
    def _make(self) -> Any:
        """The estimator, not yet fitted."""

    @abstractmethod
    def network(self) -> nn.Module:
        """What was fitted, as a network: features `[B, T, F]` to logits `[B, K]` whose softmax is what it predicts."""

    def fit(self, features: Floats, target: Classes, weights: Floats | None = None) -> None:
        """Fits the estimator.

        Args:
            features: `[N, T * F]` float32, a window a row.
            target: `[N]`, class index.
            weights: `[N]`, how much each window counts; None for all alike.
        """
        self.estimator.fit(features, target, sample_weight=weights)

    def predict(self, features: Floats) -> Floats:
        """Probabilities, or votes, `[N, K]` float64 of features `[N, T * F]`.

        Each thread takes a share of the windows, so that the sums over a forest's trees have one order, and the same
        last digit, for any number of threads.
        """
        shares = np.array_split(features, min(self.num_threads, len(features)))
        with ThreadPoolExecutor(len(shares)) as pool:
            found = np.concatenate(list(pool.map(self._predictor(), shares)))
        columns = np.zeros((len(features), self.num_classes))
        columns[:, self.estimator.classes_] = found
        return columns

    def _predictor(self) -> Callable[[Floats], Floats]:
        """Gives a column for each class of the training part, in the order of their index."""
        return self.estimator.predict_proba  # type: ignore[no-any-return]


class Majority(Baseline):
    """Says of every window what share each class has in the training part: what looking at nothing is worth."""

    def _make(self) -> Any:
        from sklearn.dummy import DummyClassifier

        return DummyClassifier(strategy="prior")

    def network(self) -> nn.Module:
        """The same shares for whatever it is given."""
        from lightning_modules.baseline_networks import MajorityNetwork

        return MajorityNetwork(self.estimator.class_prior_, self.estimator.classes_, self.num_classes)


class RandomForest(Baseline):
    """Trees on bootstrap samples, each choosing among the square root of all features (Breiman 2001).

    Args:
        num_classes: K.
        seed: of samples and choices.
        num_threads: trees that grow at a time.
        num_trees: at least 1.
        max_depth: splits from a root to a leaf; None for as many as it takes.
        min_samples_leaf: training windows in a leaf, at least.
    """

    def __init__(
        self,
        num_classes: int,
        seed: int = 0,
        num_threads: int = 1,
        num_trees: int = 100,
        max_depth: int | None = None,
        min_samples_leaf: int = 1,
    ) -> None:
        self.num_trees = num_trees
        self.max_depth = max_depth
        self.min_samples_leaf = min_samples_leaf
        super().__init__(num_classes, seed, num_threads)

    def _make(self) -> Any:
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(
            self.num_trees,
            max_depth=self.max_depth,
            min_samples_leaf=self.min_samples_leaf,
            random_state=self.seed,
            n_jobs=self.num_threads,
        )

    def fit(self, features: Floats, target: Classes, weights: Floats | None = None) -> None:
        """Grows the trees."""
        super().fit(features, target, weights)
        self.estimator.set_params(n_jobs=1)  # `predict` shares out windows, not trees

    def network(self) -> nn.Module:
        """The trees as tables of nodes."""
        from lightning_modules.baseline_networks import ForestNetwork

        trees = [tree.tree_ for tree in self.estimator.estimators_]
        return ForestNetwork(trees, self.estimator.classes_, self.num_classes)


class SVM(Baseline):
    """A support vector machine with an RBF kernel for each pair of classes, which vote (Cortes & Vapnik 1995; LIBSVM).

    It draws nothing: other seeds give the same machine. Probabilities would take five more machines (Platt 1999).

    Args:
        num_classes: K.
        seed: of nothing.
        num_threads: of prediction; scikit-learn fits in one.
        C: above 0; the larger, the fewer training windows may be on the wrong side.
        gamma: of exp(-gamma |a - b|^2), above 0; `scale` for 1 / (features * their variance), `auto` for 1 / features.
    """

    gives_probabilities = False

    def __init__(
        self,
        num_classes: int,
        seed: int = 0,
        num_threads: int = 1,
        C: float = 1.0,
        gamma: float | Literal["scale", "auto"] = "scale",
    ) -> None:
        self.C = C
        self.gamma = gamma
        super().__init__(num_classes, seed, num_threads)

    def _make(self) -> Any:
        from sklearn.svm import SVC

        return SVC(C=self.C, gamma=self.gamma, cache_size=_CACHE)

    def fit(self, features: Floats, target: Classes, weights: Floats | None = None) -> None:
        """Finds the support vectors.

        Raises:
            FitError: there is one class only.
        """
        if len(np.unique(target)) < 2:
            raise FitError("`model`=svm: the training part has one class only; choose another `split`")
        super().fit(features, target, weights)

    def _predictor(self) -> Callable[[Floats], Floats]:
        return lambda features: np.equal.outer(self.estimator.predict(features), self.estimator.classes_).astype(float)

    def network(self) -> nn.Module:
        """The support vectors, and what each counts in each pair of classes."""
        from lightning_modules.baseline_networks import SVMNetwork

        return SVMNetwork(self.estimator, self.num_classes)
