"""Main effects and two-way interactions of several factors, by least squares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

_Terms = dict[tuple[str, ...], NDArray[np.float64]]  # columns of the design by the factors they are about


@dataclass(frozen=True)
class Effect:
    """The share of the variance that one factor, or two together, explain.

    Attributes:
        names: one factor, or the two of an interaction.
        degrees: of freedom.
        share: eta squared, its sum of squares over the total, 0..1.
        p: of its F test against the residual; NaN where there is none.
    """

    names: tuple[str, ...]
    degrees: int
    share: float
    p: float


def explained(
    values: ArrayLike, factors: Mapping[str, Sequence[str]], blocks: Mapping[str, Sequence[str]]
) -> tuple[list[Effect], float]:
    """Return the share of the variance that each factor and each pair of factors explains.

    Sums of squares of type II: what a term adds to all others that do not contain it, so that missing cells distort
    nothing silently (Langsrud 2003). In a complete grid they are those of the usual analysis of variance.

    Args:
        values: `[n]`, one a run.
        factors: levels of each run by factor.
        blocks: levels of what is not of interest but explains too, as the seed; without interactions.

    Returns:
        The effects, factors first and then pairs, and the share that nothing explains.

    Example:
        >>> factors = {"optimizer": ["adam", "adam", "sgd", "sgd"], "layers": ["1", "2", "1", "2"]}
        >>> effects, rest = explained([0.7, 0.8, 0.8, 0.9], factors, blocks={})
        >>> [(effect.names, round(effect.share, 2)) for effect in effects]
        [(('optimizer',), 0.5), (('layers',), 0.5), (('optimizer', 'layers'), 0.0)]
    """
    y = np.asarray(values, dtype=np.float64)
    total = float(((y - y.mean()) ** 2).sum())
    mains: _Terms = {(name,): _dummies(levels) for name, levels in factors.items()}
    rest: _Terms = {(name,): _dummies(levels) for name, levels in blocks.items()}
    pairs: _Terms = {(a, b): _products(mains[a,], mains[b,]) for a, b in combinations(factors, 2)}
    terms = {**rest, **mains, **pairs}
    error, rank = _residual(y, list(terms.values()))
    degrees_left = len(y) - rank
    effects = []
    for names in (*mains, *pairs):
        others = [columns for other, columns in terms.items() if not set(names) <= set(other)]
        without, rank_without = _residual(y, others)
        within, rank_within = _residual(y, [*others, terms[names]])
        degrees, added = rank_within - rank_without, max(without - within, 0.0)
        effects.append(
            Effect(names, degrees, added / total if total else 0.0, _f_test(added, degrees, error, degrees_left))
        )
    return effects, error / total if total else 0.0


def _f_test(added: float, degrees: int, error: float, degrees_left: int) -> float:
    if degrees < 1 or degrees_left < 1 or error <= 0:
        return float("nan")
    return float(stats.f.sf(added / degrees / (error / degrees_left), degrees, degrees_left))


def _dummies(levels: Sequence[str]) -> NDArray[np.float64]:
    """Return `[n, levels]`, a column a level: the least squares below allow that they add up to the constant."""
    names = list(dict.fromkeys(levels))
    columns = [[float(level == name) for name in names] for level in levels]
    return np.array(columns, dtype=np.float64)


def _products(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    products: NDArray[np.float64] = first[:, :, None] * second[:, None, :]
    return products.reshape(len(first), -1)


def _residual(y: NDArray[np.float64], terms: Sequence[NDArray[np.float64]]) -> tuple[float, int]:
    """Return the sum of squares that a model does not explain, and the model's rank."""
    design = np.hstack([np.ones((len(y), 1)), *terms])
    solution, _, rank, _ = np.linalg.lstsq(design, y, rcond=None)
    return float(((y - design @ solution) ** 2).sum()), int(rank)
