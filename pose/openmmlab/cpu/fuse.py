"""Networks for inference on a CPU: batch norms and ReLUs become part of the convolutions before them."""

from __future__ import annotations

from typing import Any

import torch
from torch import fx, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval

from pose.openmmlab.cpu.fused_conv import FusedConv
from pose.openmmlab.cpu.winograd import WinogradConv, suits_winograd


def fuse_top_down(module: Any) -> Any | None:
    """Return a top-down network of MMPose, from inputs to the head's outputs, with fewer passes over memory.

    Args:
        module: in evaluation mode, on the CPU, in float32 and channels_last; it is left as it is.

    Returns:
        A module, or None where there is no batch norm to be folded, or the network cannot be traced.
    """
    try:
        graph = _Tracer().trace(_TopDown(module))
    except Exception:  # whatever a network does that tracing does not know: it runs as it is
        return None
    traced = fx.GraphModule(_TopDown(module), graph)
    if not _has_operator() or not _fuse(traced):
        return None
    graph.lint()
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced.eval()


def _has_operator() -> bool:
    """Return whether this torch has oneDNN and the operator that torch.compile calls, which may disappear."""
    there: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return there and hasattr(torch.ops.mkldnn, "_convolution_pointwise")


class _TopDown(nn.Module):
    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module = module

    def forward(self, inputs: torch.Tensor) -> Any:
        return self.module.head.forward(self.module.extract_feat(inputs))


class _Tracer(fx.Tracer):
    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        """Return True also for the modules that mmcv and mmengine derive from PyTorch's."""
        return isinstance(module, nn.Conv2d | _BatchNorm) or super().is_leaf_module(module, name)


def _fuse(traced: fx.GraphModule) -> bool:
    """Fuse in place, and return whether there was a batch norm behind a convolution."""
    modules = dict(traced.named_modules())
    folded = False
    for node in list(traced.graph.nodes):
        conv = _module(modules, node)
        if not isinstance(conv, nn.Conv2d) or conv.padding_mode != "zeros" or isinstance(conv.padding, str):
            continue
        last = node
        norm = _module(modules, _only_user(last))
        if isinstance(norm, _BatchNorm) and norm.track_running_stats:
            conv, last, folded = fuse_conv_bn_eval(conv, norm), _only_user(last), True
        relu = isinstance(_module(modules, _only_user(last)), nn.ReLU)
        last = _only_user(last) if relu else last
        _replace(traced, node, last, (WinogradConv if suits_winograd(conv) else FusedConv)(conv, relu))
    return folded


def _module(modules: dict[str, nn.Module], node: fx.Node | None) -> nn.Module | None:
    return modules.get(str(node.target)) if node is not None and node.op == "call_module" else None


def _only_user(node: Any) -> Any:
    """Return the only node that takes another's result, None if there are several."""
    return next(iter(node.users)) if len(node.users) == 1 else None


def _replace(traced: fx.GraphModule, first: fx.Node, last: fx.Node, module: nn.Module) -> None:
    """Put one module in the place of a chain of nodes."""
    name = f"fused_{first.name}"
    traced.add_module(name, module)
    with traced.graph.inserting_before(first):
        node = traced.graph.call_module(name, first.args)
    last.replace_all_uses_with(node)
    while last is not first:
        before = last.all_input_nodes[0]
        traced.graph.erase_node(last)
        last = before
    traced.graph.erase_node(first)
