"""Folded networks give what they gave before, and parts of a batch come back in order."""

from __future__ import annotations

import threading

import pytest
import torch
from torch import nn

from pose.openmmlab.cpu.parallel import on_each_core
from tests.pose.openmmlab.options import make, normalised

pytest.importorskip("mmpose")


@pytest.mark.slow
@pytest.mark.parametrize("config", ["pose::demo/hrnet_narrow.py", None])
def test_folding_changes_rounding_only(config):
    from pose.openmmlab.cpu.fuse import fuse_top_down
    from pose.openmmlab.cpu.fused_conv import FusedConv

    options = {"config": config} if config else {}
    module = make("estimator", "hrnet_w32" if config else "resnet50", **options).network.module
    inputs = torch.randn(2, 3, 128, 96).contiguous(memory_format=torch.channels_last)
    with torch.no_grad(), normalised(module):
        module.extract_feat(inputs)
    fused = fuse_top_down(module)
    norms = [part for part in fused.modules() if isinstance(part, nn.BatchNorm2d)]
    assert len(norms) == (0 if config else 3)  # behind ResNet's transposed convolutions they stay
    assert any(part.then == "relu" for part in fused.modules() if isinstance(part, FusedConv))
    with torch.inference_mode():
        expected = module.head.forward(module.extract_feat(inputs))
        difference = (fused(inputs) - expected).abs().max() / expected.abs().max()
        assert difference < 1e-3  # 50 random layers make much of a rounding: seen 2e-4, and 1 for a wrong fold
        assert (module.head.forward(module.extract_feat(inputs)) == expected).all()


@pytest.mark.parametrize("shape", [(2, 16, 12), (1, 13, 10), (3, 4, 3)])
@pytest.mark.parametrize(("relu", "bias"), [(True, True), (False, False)])
def test_winograd_convolves(shape, relu, bias):
    from pose.openmmlab.cpu.winograd import WinogradConv, suits_winograd

    torch.manual_seed(0)
    conv = nn.Conv2d(64, 96, 3, padding=1, bias=bias).requires_grad_(False)
    assert suits_winograd(conv)
    assert not suits_winograd(nn.Conv2d(64, 96, 3, padding=1, stride=2))
    assert not suits_winograd(nn.Conv2d(32, 96, 3, padding=1))
    number, height, width = shape
    inputs = torch.randn(number, 64, height, width).contiguous(memory_format=torch.channels_last)
    expected = conv.double()(inputs.double())
    expected = expected.relu() if relu else expected
    found = WinogradConv(conv.float(), relu)(inputs)
    assert found.shape == expected.shape
    assert (found - expected).abs().max() < 2e-5


@pytest.mark.slow
def test_what_cannot_be_traced_runs_as_it_is():
    from pose.openmmlab.cpu.fuse import fuse_top_down

    assert fuse_top_down(make("estimator", "vitpose_b").network.module) is None


def test_parts_of_a_batch_come_in_order():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        seen = set()

        def part(rows):
            seen.add((threading.current_thread().name, torch.get_num_threads(), torch.is_inference_mode_enabled()))
            return list(range(23)[rows])

        parts = on_each_core(part, 23, 5)
        assert [row for rows in parts for row in rows] == list(range(23))
        assert max(map(len, parts)) <= 5
        assert {(threads, inference) for _, threads, inference in seen} == {(1, True)}
        assert torch.get_num_threads() == 2

        def broken(rows):
            raise ValueError(rows)

        with pytest.raises(ValueError, match="slice"):
            on_each_core(broken, 4, 2)
        assert torch.get_num_threads() == 2
        assert on_each_core(lambda rows: torch.get_num_threads(), 1, 5) == [2]
    finally:
        torch.set_num_threads(before)
