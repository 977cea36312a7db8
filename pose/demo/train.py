"""Trains the demo's networks by MMPose's and MMDet's own code: `python -m pose.demo.train estimator|detector`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pose.demo.data import draw_training_data
from pose.torchvision_on_cpu import ensure_torchvision

if TYPE_CHECKING:
    from mmengine.runner import Runner

HERE = Path(__file__).parent
NAMES = {"estimator": "hrnet_narrow", "detector": "rtmdet_narrow"}


def train(what: str, data: Path, work: Path, weights: Path, epochs: int | None = None) -> None:
    """Trains one network, and keeps the moving average of its weights after every epoch.

    Args:
        what: "estimator" or "detector".
        data: folder written by `pose.drawn.coco.write_coco`.
        work: folder for mmengine's logs.
        weights: the safetensors file to be written.
        epochs: as in the config if None.
    """
    ensure_torchvision()
    from mmengine.hooks import Hook
    from mmengine.runner import Runner

    class KeepAverage(Hook):  # type: ignore[misc]
        def after_train_epoch(self, runner: Runner) -> None:
            save_average(runner, weights)

    _register_bfloat16()
    config = load_config(what, data, work, epochs)
    runner = Runner.from_cfg(config)
    runner.register_hook(KeepAverage())
    runner.train()


def load_config(what: str, data: Path, work: Path, epochs: int | None) -> Any:
    """The network's own config with the places and lengths of one training."""
    from mmengine.config import Config

    config = Config.fromfile(HERE / f"{NAMES[what]}.py")
    config.train_dataloader.dataset.data_root = str(data)
    config.work_dir = str(work)
    for key in ("test_dataloader", "test_evaluator", "test_cfg"):  # evaluated by `pose.demo.evaluate`
        config.pop(key)
    if epochs is not None:
        config.train_cfg.max_epochs = epochs
        config.param_scheduler[1].update(end=epochs, T_max=epochs)
    return config


def save_average(runner: Runner, path: Path) -> None:
    """Writes the moving average of the weights as plain float16 tensors."""
    import torch
    from mmengine.hooks import EMAHook
    from safetensors.torch import save_file

    average = next(hook for hook in runner.hooks if isinstance(hook, EMAHook)).ema_model.module
    kept = {
        name: (tensor.half() if tensor.dtype == torch.float32 else tensor).contiguous()
        for name, tensor in average.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    partial = path.with_suffix(".partial")
    save_file(kept, partial)
    partial.replace(path)


def _register_bfloat16() -> None:
    """Mixed precision on a CPU, which mmengine's own AmpOptimWrapper refuses."""
    import torch
    from mmengine.optim import OptimWrapper
    from mmengine.registry import OPTIM_WRAPPERS

    class BFloat16OptimWrapper(OptimWrapper):  # type: ignore[misc]
        @contextmanager
        def optim_context(self, model: torch.nn.Module) -> Iterator[None]:
            with super().optim_context(model), torch.autocast("cpu", torch.bfloat16):
                yield

    OPTIM_WRAPPERS.register_module(module=BFloat16OptimWrapper, force=True)


def main() -> None:
    """The command line."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=NAMES)
    parser.add_argument("--data", type=Path, default=Path("outputs/demo/train"), help="drawn first if it is not there")
    parser.add_argument("--work", type=Path, default=Path("outputs/demo/work"), help="for logs")
    parser.add_argument("--weights", type=Path, help="file to write; the one in the repository if not given")
    parser.add_argument("--epochs", type=int, help="as in the config if not given")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    start = time.perf_counter()
    if not args.data.exists():
        draw_training_data(args.data)
    drawn = time.perf_counter()
    train(
        args.what,
        args.data,
        args.work / args.what,
        args.weights or HERE / f"{NAMES[args.what]}.safetensors",
        args.epochs,
    )
    print(f"drawn in {drawn - start:.0f} s, trained in {time.perf_counter() - drawn:.0f} s")


if __name__ == "__main__":
    main()
