"""A run's predictions of the test windows, kept so that runs can be compared on the same recordings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pandas import DataFrame

PREDICTIONS_FILE = "test_predictions.parquet"
PROBABILITY = "p/"  # prefix of the column of a class's probability


def prediction_frame(
    recordings: Sequence[str],
    clips: Sequence[str],
    target: NDArray[np.integer],
    probabilities: NDArray[np.floating],
    class_names: Sequence[str],
) -> DataFrame:
    """Return a compact table with a row a test window: names are categories, probabilities float16.

    Args:
        recordings: N names; windows of one recording are not independent.
        clips: N names.
        target: `[N]`, index of the true class.
        probabilities: `[N, K]`.
        class_names: K names.

    Returns:
        Columns recording, clip, true and predicted (class names), and a probability a class, `p/<class>`, float16.
    """
    import pandas as pd

    names = pd.CategoricalDtype(list(class_names))
    frame = pd.DataFrame(
        {
            "recording": pd.Categorical(recordings),
            "clip": pd.Categorical(clips),
            "true": pd.Categorical.from_codes(target, dtype=names),
            "predicted": pd.Categorical.from_codes(probabilities.argmax(axis=1), dtype=names),
        }
    )
    columns = {f"{PROBABILITY}{name}": probabilities[:, i].astype("float16") for i, name in enumerate(class_names)}
    return frame.assign(**columns)
