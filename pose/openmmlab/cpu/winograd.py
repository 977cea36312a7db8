"""3 x 3 convolutions with fewer multiplications."""

from __future__ import annotations

import math
import threading

import torch
from torch import nn

from pose.openmmlab.cpu.fused_conv import FusedConv

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


_SQUARE = (_TILE + 2) ** 2
_CONSTANT = 7  # of the 36 products the one that adds the same to all 16 outputs
_CHANNELS = range(64, 129)  # with fewer, transforming costs more than it saves; with more, the weights leave the cache
_SMALLEST = 96  # pixels of a layer; in smaller ones too much of the tiles lies outside
_VALUES_IN_CACHE = 450_000  # of tiles that are transformed at once


def suits_winograd(conv: nn.Conv2d) -> bool:
    """Return whether it is a 3 x 3 convolution of step 1 with so many channels that transforming them pays."""
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
        """Convolve `[N, C, h, w]` in channels_last."""
        number, _, height, width = inputs.shape
        if height * width < _SMALLEST:
            return super().forward(inputs)
        rows, columns = -(-height // _TILE), -(-width // _TILE)
        outputs = inputs.new_empty(number, _TILE * rows, _TILE * columns, self.out_channels)
        step = max(1, _VALUES_IN_CACHE // (_SQUARE * rows * columns * max(inputs.shape[1], self.out_channels)))
        pixels = inputs.permute(0, 2, 3, 1)
        for some in (slice(start, start + step) for start in range(0, number, step)):
            self._convolve(pixels[some], outputs[some])
        return outputs[:, :height, :width].permute(0, 3, 1, 2)

    def _convolve(self, pixels: torch.Tensor, outputs: torch.Tensor) -> None:
        """Convolve `[N, h, w, C]` into `[N, 4 rows, 4 columns, channels out]`, which may go beyond."""
        number, height, width, channels = outputs.shape
        grid = number, height // _TILE, width // _TILE
        tiles = _cut(pixels, grid)
        inputs = torch.mm(self.of_inputs, tiles.view(_SQUARE, -1), out=_space("b", _SQUARE, tiles.numel() // _SQUARE))
        inputs = inputs.view(_SQUARE, -1, pixels.shape[3])
        products = torch.bmm(inputs, self.of_products, out=_space("a", *inputs.shape[:2], channels))
        if self.bias is not None:
            products[_CONSTANT].add_(self.bias)
        products = products.flatten(1)
        found = torch.mm(self.of_outputs, products, out=_space("b", len(self.of_outputs), products.shape[1]))
        found = found.view(_TILE, _TILE, *grid, channels).permute(2, 3, 0, 4, 1, 5)
        if self.relu:
            torch.clamp_min(found, 0, out=outputs.view(found.shape))
        else:
            outputs.view(found.shape).copy_(found)


def _cut(pixels: torch.Tensor, grid: tuple[int, int, int]) -> torch.Tensor:
    """Cut out 6 x 6 pixels around each 4 x 4, zeros outside: `[6, 6, N, rows, columns, C]` of `[N, h, w, C]`."""
    number, rows, columns = grid
    _, height, width, channels = pixels.shape
    padded = _space("padded", number, _TILE * rows + 2, _TILE * columns + 2, channels)
    for edge in (padded[:, :1], padded[:, height + 1 :], padded[:, :, :1], padded[:, :, width + 1 :]):
        edge.zero_()
    padded[:, 1 : height + 1, 1 : width + 1] = pixels
    of_image, of_row, of_pixel, _ = padded.stride()
    shape = (_TILE + 2, _TILE + 2, number, rows, columns, channels)
    around = padded.as_strided(shape, (of_row, of_pixel, of_image, _TILE * of_row, _TILE * of_pixel, 1))
    return _space("a", *shape).copy_(around)


_spaces = threading.local()


def _space(name: str, *shape: int) -> torch.Tensor:
    """Return memory of this thread that is reused: new memory would cost more than what is done in it."""
    size = math.prod(shape)
    space: torch.Tensor | None = getattr(_spaces, name, None)
    if space is None or len(space) < size:
        with torch.inference_mode(False):  # such a tensor may be written to in either mode
            space = torch.empty(size)
        setattr(_spaces, name, space)
    return space[:size].view(shape)


def _constant(values: torch.Tensor) -> nn.Parameter:
    return nn.Parameter(values.float().contiguous(), requires_grad=False)
