"""The paper's network: its size, and what it computes, against PyTorch's own LSTM."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import nn

from lightning_modules.networks import LSTMClassifier


def reference(network: LSTMClassifier, features: torch.Tensor) -> torch.Tensor:
    """Last outputs of an LSTM with `batch_first`, through the same linear layer."""
    own = network.lstm
    lstm = nn.LSTM(own.input_size, own.hidden_size, own.num_layers, batch_first=True, bidirectional=own.bidirectional)
    lstm.load_state_dict(own.state_dict())
    output, _ = lstm(features)
    if own.bidirectional:
        output = torch.cat([output[:, -1, : own.hidden_size], output[:, 0, own.hidden_size :]], dim=1)
    else:
        output = output[:, -1]
    return nn.functional.linear(output, network.head.weight, network.head.bias)


def test_the_papers_network_has_as_many_weights_as_its_sizes_make() -> None:
    network = LSTMClassifier(34, 6)
    gates = 4 * 128
    layers = [gates * (size + 128) + 2 * gates for size in (34, 128, 128)]
    assert sum(p.numel() for p in network.parameters()) == sum(layers) + 128 * 6 + 6 == 348_934


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("num_layers", [1, 3])
def test_logits_come_from_what_is_known_after_the_whole_window(bidirectional: bool, num_layers: int) -> None:
    torch.manual_seed(0)
    network = LSTMClassifier(10, 4, num_layers, 16, bidirectional=bidirectional).eval()
    features = torch.randn(5, 9, 10)
    torch.testing.assert_close(network(features), reference(network, features))
    assert network(features).shape == (5, 4)
    assert network.head.in_features == 16 * (1 + bidirectional)


def test_memory_that_lies_time_major_gives_the_same_logits() -> None:
    network = LSTMClassifier(6, 3, 2, 8)
    features = torch.randn(4, 9, 6)
    time_major = features.transpose(0, 1).contiguous().transpose(0, 1)
    torch.testing.assert_close(network(time_major), network(features))


@pytest.mark.parametrize("frame", [0, 8])
def test_the_first_and_the_last_frame_reach_the_logits(frame: int) -> None:
    network = LSTMClassifier(6, 3, 2, 8).double()
    features = torch.randn(1, 9, 6, dtype=torch.float64)
    changed = features.clone()
    changed[:, frame] += 1
    assert not torch.equal(network(changed), network(features))


def test_one_layer_with_dropout_does_not_warn_and_drops_before_the_linear_layer() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network = LSTMClassifier(6, 3, 1, 64, dropout=0.5)
    features = torch.randn(2, 9, 6)
    assert not torch.equal(network(features), network(features))
    network.eval()
    assert torch.equal(network(features), network(features))


def test_dropout_is_between_the_layers_too() -> None:
    assert LSTMClassifier(6, 3, 3, 8, dropout=0.3).lstm.dropout == 0.3
