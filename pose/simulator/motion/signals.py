"""Functions of time that movements are made of. Each is closed form, so any stretch of time can be computed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pose.simulator.motion.rotations import Floats


def ease(u: npt.ArrayLike) -> Floats:
    """Return the minimum-jerk step from 0 (u <= 0) to 1 (u >= 1), as hands reach (Flash & Hogan 1985, eq. 5).

    Example:
        >>> ease([-1, 0.5, 2])
        array([0. , 0.5, 1. ])
    """
    u = np.clip(u, 0.0, 1.0)
    step: Floats = u * u * u * (10 + u * (6 * u - 15))
    return step


def keyframes(time: Floats, at: npt.ArrayLike, values: npt.ArrayLike) -> Floats:
    """Go through `values` at the times `at`, at rest in each, by minimum-jerk steps.

    Args:
        time: [T] seconds.
        at: [K] seconds, rising.
        values: [K, ...].

    Returns:
        [T, ...]; the first and last value are held outside `at`.

    Example:
        >>> keyframes(np.array([0.0, 0.5, 1.0, 9.0]), at=[0, 1], values=[2, 4])
        array([2., 3., 4., 4.])
    """
    at, values = np.asarray(at, dtype=float), np.asarray(values, dtype=float)
    i = np.clip(np.searchsorted(at, time, side="right") - 1, 0, len(at) - 2)
    weight = ease((time - at[i]) / (at[i + 1] - at[i]))
    weight = weight.reshape(weight.shape + (1,) * (values.ndim - 1))
    between: Floats = values[i] + weight * (values[i + 1] - values[i])
    return between


def wander(rng: np.random.Generator, time: Floats, size: tuple[int, ...], period: float = 2.0) -> Floats:
    """Return smooth aimless movement with standard deviation 1: four sines of random phase around one period.

    Args:
        rng: where phases and frequencies come from.
        time: [T] seconds.
        size: trailing shape of independent signals.
        period: seconds, the geometric middle of the four, which span a factor of five.

    Returns:
        [T, *size].
    """
    frequency = 2 * np.pi / period * np.exp(rng.uniform(-0.8, 0.8, (*size, 4)))
    phase = rng.uniform(0, 2 * np.pi, (*size, 4))
    angle = time.reshape(-1, *(1,) * (len(size) + 1)) * frequency + phase
    total: Floats = np.sin(angle).sum(axis=-1) / np.sqrt(2.0)
    return total
