"""Trains the demo's networks by MMPose's and MMDet's own code: `python -m pose.demo.train estimator|detector`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pose.demo.data import draw_training_data
from pose.errors import DataError
from pose.io.atomic import write_atomically

if TYPE_CHECKING:
    from mmengine.runner import Runner
    from torch import nn

HERE = Path(__file__).parent
NAMES = {"estimator": "hrnet_narrow", "detector": "rtmdet_narrow"}


@dataclass(frozen=True, slots=True)
class Training:
    """How one network is trained.

    Args:
        what: "estimator" or "detector".
        data: folder written by `pose.rendering.coco.write_coco`.
        work: folder for mmengine's logs.
        weights: the safetensors file to be written.
        start: weights to go on from; drawn at random if None.
        epochs: as in the config if None.
        lr: the highest learning rate, as in the config if None.
        batch_size: as in the config if None.
    """

    what: str
    data: Path
    work: Path
    weights: Path
    start: Path | None = None
    epochs: int | None = None
    lr: float | None = None
    batch_size: int | None = None


def train(training: Training) -> None:
    """Train one network, and keep the moving average of its weights after every epoch."""
    from mmengine.hooks import Hook
    from mmengine.runner import Runner

    class Weights(Hook):  # type: ignore[misc]
        def before_train(self, runner: Runner) -> None:
            if training.start is not None:
                load_weights(runner.model, training.start)
            # mmengine copies the average before it draws the weights that training begins with.
            _average(runner).load_state_dict(runner.model.state_dict())

        def after_train_epoch(self, runner: Runner) -> None:
            save_weights(_average(runner), training.weights)

    _register_bfloat16()
    runner = Runner.from_cfg(make_config(training))
    runner.register_hook(Weights())
    try:
        runner.train()
    finally:
        _close_log(runner)


def make_config(training: Training) -> Any:
    """Return the network's own config with the values that one training sets."""
    from mmengine.config import Config

    config = Config.fromfile(HERE / f"{NAMES[training.what]}.py")
    config.train_dataloader.dataset.data_root = str(training.data)
    config.work_dir = str(training.work)
    for key in ("test_dataloader", "test_evaluator", "test_cfg"):  # evaluated by `pose.demo.evaluate`
        config.pop(key)
    if training.epochs is not None:
        config.train_cfg.max_epochs = training.epochs
        config.param_scheduler[1].update(end=training.epochs, T_max=training.epochs)
    config.optim_wrapper.optimizer.lr = training.lr or config.optim_wrapper.optimizer.lr
    config.train_dataloader.batch_size = training.batch_size or config.train_dataloader.batch_size
    return config


def save_weights(network: nn.Module, path: Path) -> None:
    """Write parameters and statistics as plain float16 tensors."""
    import torch
    from safetensors.torch import save

    kept = {
        name: (tensor.half() if tensor.dtype == torch.float32 else tensor).contiguous()
        for name, tensor in network.state_dict().items()
    }
    write_atomically(path, save(kept))


def load_weights(network: nn.Module, path: Path) -> None:
    """Load what `save_weights` wrote.

    Raises:
        DataError: it was written of another network.
    """
    from safetensors.torch import load_file

    try:
        network.load_state_dict(load_file(path))
    except RuntimeError as error:
        raise DataError(f"{path} has the weights of another network: {str(error).splitlines()[-1].strip()}") from error


def _average(runner: Runner) -> nn.Module:
    from mmengine.hooks import EMAHook

    average: nn.Module = next(hook for hook in runner.hooks if isinstance(hook, EMAHook)).ema_model.module
    return average


def _close_log(runner: Runner) -> None:
    """Close the run's log files: mmengine would go on writing there of every later network in the process."""
    import logging

    for handler in [each for each in runner.logger.handlers if isinstance(each, logging.FileHandler)]:
        runner.logger.removeHandler(handler)
        handler.close()


def _register_bfloat16() -> None:
    """Register mixed precision on a CPU, which mmengine's own AmpOptimWrapper refuses."""
    import torch
    from mmengine.optim import OptimWrapper
    from mmengine.registry import OPTIM_WRAPPERS

    class BFloat16OptimWrapper(OptimWrapper):  # type: ignore[misc]
        @contextmanager
        def optim_context(self, model: torch.nn.Module) -> Iterator[None]:
            with super().optim_context(model), torch.autocast("cpu", torch.bfloat16):
                yield

    OPTIM_WRAPPERS.register_module(module=BFloat16OptimWrapper, force=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=NAMES)
    parser.add_argument("--data", type=Path, default=Path("outputs/demo/train"), help="drawn first if it is not there")
    parser.add_argument("--work", type=Path, default=Path("outputs/demo/work"), help="for logs")
    parser.add_argument("--weights", type=Path, help="file to write; the one in the repository if not given")
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--epochs", type=int, help="as in the config if not given")
    parser.add_argument("--lr", type=float, help="highest learning rate, as in the config if not given")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(arguments)
    torch.set_num_threads(args.threads)
    start = time.perf_counter()
    if not args.data.exists():
        draw_training_data(args.data)
    drawn = time.perf_counter()
    weights = args.weights or HERE / f"{NAMES[args.what]}.safetensors"
    train(Training(args.what, args.data, args.work / args.what, weights, args.start, args.epochs, args.lr))
    print(f"drawn in {drawn - start:.0f} s, trained in {time.perf_counter() - drawn:.0f} s")


if __name__ == "__main__":
    main()
