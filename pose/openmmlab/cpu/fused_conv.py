"""A convolution and what follows it as one operation."""

from __future__ import annotations

import torch
from torch import nn


class FusedConv(nn.Module):
    """A convolution and what follows it, by oneDNN, as torch.compile would call it.

    Args:
        conv: with the batch norm folded into it.
        relu: whether a ReLU follows.
    """

    def __init__(self, conv: nn.Conv2d, relu: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(conv.weight.contiguous(memory_format=torch.channels_last), requires_grad=False)
        self.bias = conv.bias
        self.geometry = [list(conv.padding), list(conv.stride), list(conv.dilation), conv.groups]
        self.then = "relu" if relu else "none"

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Convolve `[N, C, h, w]` in channels_last."""
        outputs: torch.Tensor = torch.ops.mkldnn._convolution_pointwise(
            inputs, self.weight, self.bias, *self.geometry, self.then, [], ""
        )
        return outputs
