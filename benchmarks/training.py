"""Speed and memory of training, as ratios to what a user would otherwise run.

    python -m benchmarks.training

Ratios are medians of alternating pairs of epochs, above 1 where train.py is faster. Loops that a user would write run
in a process of their own, as they would, since the C library's memory settings (lightning_modules/machine.py) are those
of a process.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from pytorch_lightning import Callback
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

import train
from lightning_modules import engine
from lightning_modules.checkpoints import EpochCheckpoint
from lightning_modules.machine import keep_freed_memory
from lightning_modules.optimizers import fastest
from sweeps.config.schema import register

ROOT = Path(__file__).parents[1]
Epoch = Callable[[], None]


def configuration(folder: str, *overrides: str) -> Any:
    """What train.py would compose, without validation."""
    register()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        fixed = ["datamodule.split.val_fraction=0", "datamodule/split=clip", f"output_dir={folder}"]
        return compose("train", [*fixed, *overrides])


class Usual(nn.Module):
    """The network as one would write it."""

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(features, 128, 3, batch_first=True)
        self.head = nn.Linear(128, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.lstm(x)[0][:, -1])


def usual_epoch(cfg: Any, per_sample: bool) -> Epoch:
    """An epoch of the usual loop: `batch_first=True`, default Adam, over a tensor of all windows or a DataLoader."""
    data = train.make_data(cfg)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    windows = data.parts.windows["train"]
    batch = windows.gather(torch.arange(len(windows)))
    inputs = batch.keypoints.flatten(2)
    inputs = ((inputs - inputs.mean((0, 1))) / inputs.std((0, 1))).to(device)
    target, size = batch.target.to(device), cfg.datamodule.batch_size
    model = Usual(inputs.shape[2], len(data.class_names)).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    loader = DataLoader(TensorDataset(inputs, target), batch_size=size, shuffle=True)

    def batches() -> Iterator[Any]:
        if per_sample:
            yield from loader
        else:
            for index in torch.randperm(len(inputs), device=device).split(size):
                yield inputs[index], target[index]

    def epoch() -> None:
        total = 0.0
        for x, y in batches():
            loss = cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(x)

    return epoch


def make_classifier(cfg: Any, data: Any) -> Any:
    """What train.py trains."""
    network, optimizer = (instantiate(node, _partial_=True, _convert_="all") for node in (cfg.model, cfg.optimizer))
    return engine.make_classifier(data, network, optimizer, **cfg.loss)


def same_epoch(cfg: Any) -> Epoch:
    """An epoch of a bare loop with train.py's own loader, layout and optimizer, and nothing else."""
    data = train.make_data(cfg)
    classifier = make_classifier(cfg, data)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    classifier.to(device)
    loader: Any = data.train_dataloader()
    if cfg.datamodule.loader == "resident":
        loader.windows = loader.windows.on(data.table.to(device))
    optimizer = torch.optim.Adam(classifier.network.parameters(), lr=1e-3, **fastest(torch.optim.Adam, device))

    def epoch() -> None:
        total = torch.zeros((), device=device)
        for batch in loader:
            loss = cross_entropy(classifier(batch.keypoints.to(device)), batch.target.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(batch.target)
        total.item()

    return epoch


class Alternate(Callback):
    """Between two epochs of train.py's loop runs and times an epoch of another loop."""

    def __init__(self, other: Epoch) -> None:
        self.other = other
        self.pairs: list[tuple[float, float]] = []
        self.ends: list[float] = []  # seconds of an epoch's end: metrics and checkpoint
        self._start = 0.0
        self._last_step = 0.0

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        if trainer.current_epoch:
            ours = self._last_step - self._start
            self.ends.append(time.perf_counter() - self._last_step)
            begin = time.perf_counter()
            self.other()
            self.pairs.append((ours, time.perf_counter() - begin))
        self._start = time.perf_counter()

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        if batch_idx + 1 == trainer.num_training_batches:
            self._last_step = time.perf_counter()


def pairs_with(cfg: Any, other: Epoch) -> list[tuple[float, float]]:
    """Seconds of an epoch's steps, train.py's and the other's; the first pair warms up."""
    data = train.make_data(cfg)
    alternate = Alternate(other)
    with tempfile.TemporaryDirectory() as folder:
        factory = instantiate(cfg.trainer, _partial_=True)
        checkpoint = EpochCheckpoint(Path(folder), lambda _: None)
        trainer = engine.make_trainer(factory, checkpoint, "benchmark", show=cfg.progress)
        trainer.callbacks.insert(0, alternate)
        trainer.fit(make_classifier(cfg, data), datamodule=data)
    print(f"(metrics and checkpoint at an epoch's end: {1000 * statistics.median(alternate.ends):.0f} ms)")
    return alternate.pairs[1:]


def _serve(pipe: Connection, cfg: Any, per_sample: bool, threads: int) -> None:
    torch.set_num_threads(threads)
    epoch = usual_epoch(cfg, per_sample)
    while pipe.recv():
        epoch()
        pipe.send(True)


def pairs_with_process(cfg: Any, per_sample: bool) -> list[tuple[float, float]]:
    """The same, the usual loop in a process of its own."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, cfg, per_sample, torch.get_num_threads()), daemon=True)
    process.start()

    def other() -> None:
        here.send(True)
        here.recv()

    pairs = pairs_with(cfg, other)
    here.send(False)
    process.join()
    return pairs


def show(name: str, ratios: list[float], bound: str) -> None:
    """One line: median and range of a ratio."""
    print(f"{name:<78}{statistics.median(ratios):6.3f}   {min(ratios):.3f}-{max(ratios):.3f}   {bound}", flush=True)


def speed(folder: str, pairs: int) -> None:
    """Windows a second against other loops, threads as PyTorch chooses them."""
    keep_freed_memory()
    epochs = f"trainer.max_epochs={pairs + 2}"
    for size, bound in ((64, "at least 1.1"), (256, "at least 1.1")):
        cfg = configuration(folder, epochs, f"datamodule.batch_size={size}", "progress=false")
        ratios = [other / ours for ours, other in pairs_with_process(cfg, per_sample=False)]
        show(f"batch {size}: over the usual loop (batch_first, default Adam)", ratios, bound)
        ratios = [other / ours for ours, other in pairs_with(cfg, same_epoch(cfg))]
        bound = "at least 0.9" if torch.cuda.is_available() else "at least 0.98"
        show(f"batch {size}: over a bare loop with the same layout and optimizer", ratios, bound)
    ratios = [other / ours for ours, other in pairs_with_process(cfg, per_sample=True)]
    show("batch 256: over a per-sample Dataset, DataLoader and default collate", ratios, "at least 1.1")
    cfg = configuration(folder, epochs, "datamodule.loader=workers", "progress=false")
    show(
        "batch 256, workers: over a bare loop on the same loader",
        [b / a for a, b in pairs_with(cfg, same_epoch(cfg))],
        "",
    )


def memory() -> None:
    """Peak memory of 200,000 overlapping windows over that of the raw key points, in a fresh process."""
    for protocol in ("clip", "window"):
        command = [sys.executable, "-m", "benchmarks.memory", protocol]
        output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        show(
            f"peak memory of 200,000 windows of stride 1 over the raw key points ({protocol})",
            [float(output)],
            "at most 1.1",
        )


_FIRST_STEP = """
import os, sys, train
from lightning_modules import engine
make = engine.make_classifier
def patched(*arguments, **options):
    module = make(*arguments, **options)
    step = module.training_step
    def first(batch, batch_idx):
        step(batch, batch_idx)
        os._exit(0)
    module.training_step = first
    return module
engine.make_classifier = patched
sys.argv = ["train.py", *sys.argv[1:]]
train.main()
"""


def start(folder: str, pairs: int) -> None:
    """Seconds from the command to the first training step over those of the imports."""
    ours = [sys.executable, "-W", "ignore", "-c", _FIRST_STEP, f"output_dir={folder}"]
    imports = [sys.executable, "-W", "ignore", "-c", "import torch, pytorch_lightning, mlflow"]
    ratios = []
    for pair in range(pairs + 1):
        times = []
        for command in (ours, imports):
            begin = time.perf_counter()
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
            times.append(time.perf_counter() - begin)
        if pair:  # the first one makes the store
            ratios.append(times[0] / times[1])
    show("command to first step over importing torch, lightning and mlflow", ratios, "at most 1.25")


def main() -> None:
    """Prints all ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--only", choices=("speed", "memory", "start"))
    args = parser.parse_args()
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, GPU {torch.cuda.is_available()}\n")
    with tempfile.TemporaryDirectory() as folder:
        if args.only in (None, "speed"):
            speed(folder, args.pairs)
        if args.only in (None, "memory"):
            memory()
        if args.only in (None, "start"):
            start(folder, args.pairs)


if __name__ == "__main__":
    main()
