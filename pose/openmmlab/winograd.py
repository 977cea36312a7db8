"""3 x 3 convolutions with fewer multiplications."""

from __future__ import annotations

import torch
from torch import nn

from pose.openmmlab.fused_conv import FusedConv

_TILE = 4  # outputs a side that are computed at once, from 6 x 6 inputs

# F(4 x 4, 3 x 3) of Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016: of inputs, weights
# and outputs.
_INPUT = [
    [4, 0, -5, 0, 1, 0],
    [0, -4, -4, 1, 1, 0],
    [0, 4, -4, -1, 1, 0],
    [0, -2, -1, 2, 1, 0],
    [0, 2, -1, -2, 1, 0],
    [0, 4, 0, -5, 0, 1],
]
_WEIGHT = [
    [1 / 4, 0, 0],
    [-1 / 6, -1 / 6, -1 / 6],
    [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6],
    [1 / 24, -1 / 12, 1 / 6],
    [0, 0, 1],
]
_OUTPUT = [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]


_CHANNELS = range(64, 129)  # with fewer, transforming costs more than it saves; with more, the weights leave the cache
_SMALLEST = 96  # pixels of a layer; in smaller ones too much of the tiles lies outside


def suits_winograd(conv: nn.Conv2d) -> bool:
    """Whether it is a 3 x 3 convolution of step 1 with so many channels that transforming them pays."""
    shape = (conv.kernel_size, conv.stride, conv.padding, conv.dilation, conv.groups)
    channels = conv.in_channels in _CHANNELS and conv.out_channels in _CHANNELS
    return channels and shape == ((3, 3), (1, 1), (1, 1), (1, 1), 1)


class WinogradConv(FusedConv):
    """A 3 x 3 convolution by Winograd's algorithm, as matrix products: a quarter of the multiplications.

    Args:
        conv: one that `suits_winograd`.
        relu: whether a ReLU follows.
    """

    def __init__(self, conv: nn.Conv2d, relu: bool) -> None:
        super().__init__(conv, relu)
        of_weight = torch.tensor(_WEIGHT, dtype=torch.float64)
        weight = torch.einsum("ap,oipq,bq->abio", of_weight, conv.weight.double(), of_weight)
        self.of_products = _constant(weight.flatten(0, 1))  # [36, C, channels out]
        self.of_inputs, self.of_outputs = (
            _constant(torch.kron(once, once)) for once in map(torch.tensor, (_INPUT, _OUTPUT))
        )  # [36, 36] and [16, 36]
        self.out_channels = conv.out_channels
        self.relu = relu

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """`[N, C, h, w]` in channels_last, before and after."""
        number, channels, height, width = inputs.shape
        if height * width < _SMALLEST:
            return super().forward(inputs)
        rows, columns = -(-height // _TILE), -(-width // _TILE)
        border = (0, 0, 1, _TILE * columns + 1 - width, 1, _TILE * rows + 1 - height)
        padded = nn.functional.pad(inputs.permute(0, 2, 3, 1), border).contiguous()
        of_image, of_row, of_pixel, _ = padded.stride()
        tiles = padded.as_strided(
            (_TILE + 2, _TILE + 2, number, rows, columns, channels),
            (of_row, of_pixel, of_image, _TILE * of_row, _TILE * of_pixel, 1),
        ).reshape(len(self.of_inputs), -1)
        products = torch.bmm((self.of_inputs @ tiles).view(len(tiles), -1, channels), self.of_products)
        found = (self.of_outputs @ products.flatten(1)).view(_TILE, _TILE, number, rows, columns, self.out_channels)
        found = found.permute(2, 3, 0, 4, 1, 5).reshape(number, _TILE * rows, _TILE * columns, self.out_channels)
        found = found[:, :height, :width].permute(0, 3, 1, 2)
        if self.bias is not None:
            found = found.add_(self.bias[:, None, None])
        return found.relu_() if self.relu else found


def _constant(values: torch.Tensor) -> nn.Parameter:
    return nn.Parameter(values.float().contiguous(), requires_grad=False)
