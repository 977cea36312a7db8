"""Fitted models of scikit-learn as networks: the same predictions from tensors alone, loaded without a pickle."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from lightning_modules.private_interfaces import resolved_gamma

# A class that no tree chose has probability 0, whose logarithm is infinite.
SMALLEST = torch.finfo(torch.float32).eps


def to_logits(probabilities: torch.Tensor) -> torch.Tensor:
    """Return float32 logits `[B, K]` whose softmax is these probabilities, none of them below `SMALLEST`.

    Example:
        >>> to_logits(torch.tensor([[0.25, 0.75]])).softmax(dim=1)
        tensor([[0.2500, 0.7500]])
    """
    return probabilities.clamp(min=SMALLEST).log().float()


class MajorityNetwork(nn.Module):
    """The same probabilities for every window.

    Args:
        shares: of the classes that the training part has.
        classes: their indices.
        num_classes: K.

    Example:
        >>> network = MajorityNetwork(np.array([0.25, 0.75]), np.array([0, 1]), num_classes=2)
        >>> network(torch.zeros(1, 9, 34)).softmax(dim=1)
        tensor([[0.2500, 0.7500]])
    """

    logits: torch.Tensor

    def __init__(self, shares: npt.NDArray[np.float64], classes: npt.NDArray[np.int64], num_classes: int) -> None:
        super().__init__()
        probabilities = torch.zeros(num_classes, dtype=torch.float64)
        probabilities[torch.from_numpy(classes)] = torch.from_numpy(shares)
        self.register_buffer("logits", to_logits(probabilities))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return logits `[B, K]` of features `[B, T, F]`."""
        return self.logits.expand(features.shape[0], -1)


class ForestNetwork(nn.Module):
    """Decision trees as one table of nodes; every window walks down all of them, a level at a time.

    Compared in double precision, as scikit-learn does. A leaf is its own child, so that all walks are equally long.

    Args:
        trees: `sklearn.tree._tree.Tree`, fitted.
        classes: indices of the classes that the training part has.
        num_classes: K.
    """

    roots: torch.Tensor
    below: torch.Tensor
    feature: torch.Tensor
    threshold: torch.Tensor
    probabilities: torch.Tensor

    def __init__(self, trees: Sequence[Any], classes: npt.NDArray[np.int64], num_classes: int) -> None:
        super().__init__()
        self.depth = max(int(tree.max_depth) for tree in trees)
        sizes = [tree.node_count for tree in trees]
        roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        children = [_children(tree) + root for tree, root in zip(trees, roots, strict=True)]
        probabilities = np.zeros((sum(sizes), num_classes))
        values = np.concatenate([tree.value[:, 0] for tree in trees])
        probabilities[:, classes] = values / values.sum(axis=1, keepdims=True)
        feature = np.concatenate([tree.feature for tree in trees])  # negative in a leaf
        self.register_buffer("roots", torch.from_numpy(roots))
        self.register_buffer("below", torch.from_numpy(np.concatenate(children)))
        self.register_buffer("feature", torch.from_numpy(feature.clip(min=0).astype(np.int64)))
        self.register_buffer("threshold", torch.from_numpy(np.concatenate([tree.threshold for tree in trees])))
        self.register_buffer("probabilities", torch.from_numpy(probabilities))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return logits `[B, K]` of features `[B, T, F]`."""
        rows = features.flatten(1).double()
        node = self.roots.expand(rows.shape[0], -1)
        for _ in range(self.depth):
            goes_right = rows.gather(1, self.feature[node]) > self.threshold[node]
            node = self.below[node, goes_right.long()]
        return to_logits(self.probabilities[node].mean(dim=1))


def _children(tree: Any) -> npt.NDArray[np.int64]:
    """Return the left and right child `[nodes, 2]` of each node of a tree."""
    children = np.stack([tree.children_left, tree.children_right], axis=1).astype(np.int64)
    return np.where(children < 0, np.arange(len(children))[:, None], children)


class SVMNetwork(nn.Module):
    """Kernel values of all support vectors, then a vote of each pair of classes; of equals the first wins (LIBSVM).

    Args:
        machine: `sklearn.svm.SVC` with an RBF kernel, fitted.
        num_classes: K.
    """

    vectors: torch.Tensor
    weights: torch.Tensor
    intercepts: torch.Tensor
    votes_for: torch.Tensor
    votes_against: torch.Tensor

    def __init__(self, machine: Any, num_classes: int) -> None:
        super().__init__()
        self.gamma = resolved_gamma(machine)
        pairs = list(combinations(range(len(machine.classes_)), 2))
        # Of two classes alone scikit-learn turns the sign, so that positive is the second.
        sign = -1.0 if len(machine.classes_) == 2 else 1.0
        weights = np.zeros((len(machine.support_vectors_), len(pairs)))
        ends = np.cumsum(machine.n_support_)
        members = [slice(end - count, end) for end, count in zip(ends, machine.n_support_, strict=True)]
        votes = np.zeros((2, len(pairs), num_classes))
        for column, (first, second) in enumerate(pairs):
            weights[members[first], column] = sign * machine.dual_coef_[second - 1, members[first]]
            weights[members[second], column] = sign * machine.dual_coef_[first, members[second]]
            votes[0, column, machine.classes_[first]] = votes[1, column, machine.classes_[second]] = 1
        self.register_buffer("vectors", torch.from_numpy(machine.support_vectors_.astype(np.float64)))
        self.register_buffer("weights", torch.from_numpy(weights))
        self.register_buffer("intercepts", torch.from_numpy(sign * machine.intercept_))
        self.register_buffer("votes_for", torch.from_numpy(votes[0]))
        self.register_buffer("votes_against", torch.from_numpy(votes[1]))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return logits `[B, K]` of features `[B, T, F]`; after a softmax nearly 1 for the most voted class."""
        rows = features.flatten(1).double()
        squares = rows.square().sum(dim=1, keepdim=True) + self.vectors.square().sum(dim=1)
        kernel = torch.exp(-self.gamma * (squares - 2 * rows @ self.vectors.T).clamp(min=0))
        is_first = (kernel @ self.weights + self.intercepts > 0).double()
        votes = is_first @ self.votes_for + (1 - is_first) @ self.votes_against
        # Less than a vote, and more the later the class.
        later = torch.arange(votes.shape[1], device=votes.device) / (votes.shape[1] + 1)
        winner = (votes - later).argmax(dim=1, keepdim=True)
        return to_logits(torch.zeros_like(votes).scatter(1, winner, 1.0))
