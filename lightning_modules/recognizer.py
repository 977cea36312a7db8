"""The recogniser: raw key points to probabilities, which is all that a user of a trained network needs."""

from __future__ import annotations

import torch
from torch import nn

from lightning_modules.normalizers import Normalizer


class Recognizer(nn.Module):
    """Interpolation, normaliser, network and softmax in one plain module.

    Args:
        normalizer: fitted.
        network: features to logits.
        with_scores: the network's input has each joint's score as its last channel.

    Example:
        >>> from lightning_modules.networks import LSTMClassifier
        >>> recognizer = Recognizer(Normalizer(17, 2, 2), LSTMClassifier(34, num_classes=6), with_scores=False)
        >>> recognizer(torch.rand(8, 9, 17, 2), scores=torch.ones(8, 9, 17)).shape
        torch.Size([8, 6])
    """

    def __init__(self, normalizer: Normalizer, network: nn.Module, with_scores: bool) -> None:
        super().__init__()
        self.normalizer = normalizer
        self.network = network
        self.with_scores = with_scores

    def forward(self, keypoints: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return probabilities `[B, K]` of windows.

        Args:
            keypoints: `[B, T, V, C]` float32, coordinates as the estimator gave them; NaN marks a missing joint.
            scores: `[B, T, V]` float32; 0 or NaN marks a missing joint.
        """
        filled = interpolate_window(keypoints, scores)
        if self.with_scores:
            filled = torch.cat([filled, torch.nan_to_num(scores).unsqueeze(-1)], dim=-1)
        return torch.softmax(self.network(self.normalizer(filled)), dim=-1)


def interpolate_window(keypoints: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """Interpolate missing joints linearly in time, by the same rule as clips are before training.

    Before its first detection and after its last a joint stays there; one that is never detected takes the mean of the
    detected joints of its frame; a window without any becomes 0. No branch depends on the data, so that it can be
    exported.

    Args:
        keypoints: `[B, T, V, C]`.
        scores: `[B, T, V]`.

    Returns:
        `[B, T, V, C]` without missing joints.

    Example:
        >>> keypoints = torch.tensor([1.0, torch.nan, 3.0]).reshape(1, 3, 1, 1)  # three frames of one joint
        >>> interpolate_window(keypoints, scores=torch.ones(1, 3, 1)).flatten()
        tensor([1., 2., 3.])
    """
    detected = torch.isfinite(keypoints).all(dim=-1) & (scores > 0)
    length = keypoints.shape[1]
    steps = torch.arange(length, device=keypoints.device).view(1, length, 1).expand(detected.shape)
    before = torch.where(detected, steps, -1).cummax(dim=1).values
    after = torch.where(detected, steps, length).flip(1).cummin(dim=1).values.flip(1)
    left = torch.where(before < 0, after, before).clamp(max=length - 1)
    right = torch.where(after >= length, before, after).clamp(min=0)
    points = torch.where(detected.unsqueeze(-1), keypoints, 0.0)
    start, end = (points.gather(1, i.unsqueeze(-1).expand(keypoints.shape)) for i in (left, right))
    share = ((steps - left) / (right - left).clamp(min=1)).unsqueeze(-1)
    tracks = start + (end - start) * share.to(start.dtype)
    ever = detected.any(dim=1, keepdim=True).unsqueeze(-1).to(start.dtype)
    middle = (tracks * ever).sum(dim=2, keepdim=True) / ever.sum(dim=2, keepdim=True).clamp(min=1)
    return tracks * ever + middle * (1 - ever)
