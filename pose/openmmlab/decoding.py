"""Decoding of top-down heads' outputs to key points, for a complete batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from pose.errors import DataError
from pose.interfaces import Array


def decode(outputs: Any, decoder: Any) -> tuple[Array, Array]:
    """Return key points and scores of a batch, as the decoder of the network's head has them.

    Args:
        outputs: of the head: heatmaps `[N, V, h, w]`, or a pair of SimCC's distributions `[N, V, w]` and `[N, V, h]`.
        decoder: the head's codec.

    Returns:
        Key points `[N, V, 2]` in the codec's input size, and scores `[N, V]` in 0..1.

    Raises:
        DataError: the head has other outputs.
    """
    import torch

    if isinstance(outputs, tuple) and len(outputs) == 2:
        keypoints, scores = decoder.decode(*(output.float().cpu().numpy() for output in outputs))
    elif not isinstance(outputs, torch.Tensor) or outputs.ndim != 4:
        raise DataError("this network's head gives neither heatmaps nor SimCC's distributions: use another estimator")
    elif type(decoder).__name__ == "MSRAHeatmap" and not decoder.unbiased:
        keypoints, scores = decode_heatmaps(outputs.float(), decoder.scale_factor)
    else:
        one_by_one = [decoder.decode(heatmaps) for heatmaps in outputs.float().cpu().numpy()]
        keypoints = np.concatenate([keypoints for keypoints, _ in one_by_one])
        scores = np.concatenate([scores for _, scores in one_by_one])
    scores = scores[0] if isinstance(scores, tuple) else scores
    return keypoints.astype(np.float32), np.clip(scores, 0, 1).astype(np.float32)


def decode_heatmaps(heatmaps: Any, scale: Array) -> tuple[Array, Array]:
    """Return the maximum, moved a quarter of a pixel towards its higher neighbour in x and in y.

    As in Newell et al., ECCV 2016, and MMPose's MSRAHeatmap, whose bounds are kept to the letter.

    Args:
        heatmaps: `[N, V, h, w]` float32.
        scale: `[2]` pixels of the input a pixel of a heatmap.

    Returns:
        Key points `[N, V, 2]`, and the maxima `[N, V]`.
    """
    people, joints, height, width = heatmaps.shape
    flat = heatmaps.reshape(people * joints, height * width)
    scores, places = flat.max(dim=1)
    x, y = places % width, places // width
    found = scores > 0
    places = places[:, None]
    last = height * width - 1
    left, right, above, below = (
        flat.gather(1, (places + step).clamp(0, last))[:, 0] for step in (-1, 1, -width, width)
    )
    dx = ((right - left).sign() * 0.25) * ((x > 1) & (x < width - 1) & (y > 0))
    dy = ((below - above).sign() * 0.25) * ((y > 1) & (y < height - 1) & (x > 0))
    keypoints = np.stack(
        [
            _where(found, x + dx).reshape(people, joints),
            _where(found, y + dy).reshape(people, joints),
        ],
        axis=-1,
    )
    return keypoints * scale, scores.reshape(people, joints).cpu().numpy()


def _where(found: Any, values: Any) -> Array:
    """Return the values, -1 where nothing is above 0, as MMPose has it."""
    result: Array = values.where(found, -values.new_ones(())).cpu().numpy()
    return result
