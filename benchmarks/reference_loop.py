"""The paper's LSTM on real people: `train.py` beside a plain PyTorch loop, over splits, optimizers and seeds.

    python -m benchmarks.reference_loop upfall_alphapose.pkl --seeds 10 --jobs 2

Both see the same windows, start from the same weights and take the same batches, so that their loss curves have to
agree: it shows that the framework around the loop changes nothing. The accuracies are those of docs/results.md. First
train.py runs in every cell, then the plain loop. Each writes a file under outputs/reference_loop, and what is there
already is not run again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import multiprocessing
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "outputs" / "reference_loop"
DAYS = ("2018-07-04", "2018-07-05", "2018-07-06", "2018-07-10", "2018-07-11")
ROWS = ("window", "clip", *DAYS)
OPTIMIZERS = ("adam", "rmsprop")
WAYS = ("train.py", "loop")

Cell = tuple[str, str, int]  # row, optimizer, seed


def overrides(path: str, row: str, optimizer: str, seed: int, epochs: int) -> list[str]:
    """What one would type for a cell."""
    split = ["datamodule/split=window", "datamodule.stride=9"]
    if row != "window":
        name = "clip" if row == "clip" else f"day{row}"
        split = [
            "datamodule/split=predefined", f"datamodule.split.train={name}_train", f"datamodule.split.test={name}_test",
            "datamodule.stride=4",
        ]  # fmt: skip
    return [
        "datamodule=pyskl", f"datamodule.path={path}", *split, "datamodule.split.val_fraction=0",
        f"optimizer={optimizer}", "optimizer.lr=1e-3",
        "datamodule.batch_size=256", "datamodule.eval_stride=9", f"trainer.max_epochs={epochs}",
        "trainer=cpu", "num_threads=1", f"seed={seed}", "progress=false", "tracking.experiment=reference-loop",
        "tracking.log_model=never",
    ]  # fmt: skip


def result_file(cell: Cell, way: str) -> Path:
    """Where the result of a cell is kept."""
    return RESULTS / f"{'-'.join(map(str, cell))}-{way}.json"


def run_cell(task: tuple[Cell, str, str, int]) -> str:
    """Trains one cell one way and writes its accuracy. The task: cell, way, path of the data, epochs."""
    from hydra import compose, initialize_config_dir

    import train
    from sweeps.config.schema import register

    cell, way, path, epochs = task
    register()
    typed = overrides(path, *cell, epochs)
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        cfg = compose("train", typed)
    if way == "loop":
        losses, accuracy = plain_loop(cfg)
        theirs = json.loads(result_file(cell, "train.py").read_text())["losses"]
        difference = max(abs(a - b) for a, b in zip(losses, theirs, strict=True))
        result: dict[str, Any] = {"accuracy": accuracy, "largest_difference_of_loss": difference}
    else:
        accuracy = train.train(cfg, typed)["test/accuracy"]
        result = {"accuracy": accuracy, "losses": _train_losses(cfg)}
    unfinished = result_file(cell, way).with_suffix(".tmp")
    unfinished.write_text(json.dumps(result))
    unfinished.rename(result_file(cell, way))
    return f"{' '.join(map(str, cell))} {way} {accuracy:.4f}"


def plain_loop(cfg: Any) -> tuple[list[float], float]:
    """The loop one would write without a framework, on the same windows: train loss of each epoch, test accuracy."""
    import torch
    from pytorch_lightning import seed_everything

    import train
    from benchmarks.training import make_classifier
    from lightning_modules.machine import keep_freed_memory
    from lightning_modules.optimizers import fastest

    torch.set_num_threads(cfg.num_threads)
    keep_freed_memory()
    data = train.make_data(cfg)
    seed_everything(cfg.seed, verbose=False)
    weights = make_classifier(cfg, data).network.state_dict()
    order = data.train_dataloader().sampler

    windows, test = (_all_windows(data, part) for part in ("train", "test"))
    frames = torch.cat(list(data.train_frames())).flatten(1).double()
    mean, std = frames.mean(dim=0).float(), frames.std(dim=0, unbiased=False).float()
    inputs, test_inputs = ((x.flatten(2) - mean) / std for x in (windows.keypoints, test.keypoints))

    lstm = torch.nn.LSTM(inputs.shape[2], cfg.model.hidden_size, cfg.model.num_layers, batch_first=True)
    head = torch.nn.Linear(cfg.model.hidden_size, len(data.class_names))
    lstm.load_state_dict({k.removeprefix("lstm."): v for k, v in weights.items() if k.startswith("lstm.")})
    head.load_state_dict({k.removeprefix("head."): v for k, v in weights.items() if k.startswith("head.")})
    kind = {"adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop}[cfg.optimizer._target_.rpartition(".")[2].lower()]
    # The same implementation: fused Adam rounds otherwise than the default, and within 60 epochs of training the last
    # digit has grown to a difference of loss of 0.03.
    parameters = [*lstm.parameters(), *head.parameters()]
    optimizer = kind(parameters, lr=cfg.optimizer.lr, **fastest(kind, torch.device("cpu")))
    losses = []
    for epoch in range(cfg.trainer.max_epochs):
        order.set_epoch(epoch)
        total = 0.0
        for index in order.order().long().split(cfg.datamodule.batch_size):
            loss = torch.nn.functional.cross_entropy(head(lstm(inputs[index])[0][:, -1]), windows.target[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(index)
        losses.append(total / len(inputs))
    with torch.no_grad():
        predicted = head(lstm(test_inputs)[0][:, -1]).argmax(dim=1)
    return losses, (predicted == test.target).double().mean().item()


def _all_windows(data: Any, part: str) -> Any:
    import torch

    windows = data.parts.windows[part]
    return windows.gather(torch.arange(len(windows)))


def _train_losses(cfg: Any) -> list[float]:
    """Train loss of each epoch as the store has it, of the run that this process tracked last."""
    from sweeps.tracking.store import open_store

    store = open_store(cfg.tracking, cfg.output_dir)
    (run,) = store.client.search_runs(
        [store.experiment_id], f"tags.pid = '{multiprocessing.current_process().pid}'", max_results=1
    )
    history = store.client.get_metric_history(run.info.run_id, "train/loss")
    return [metric.value for metric in sorted(history, key=lambda metric: metric.step)]


def read_results() -> dict[tuple[Cell, str], dict[str, float]]:
    """What every cell came to so far, each way."""
    found = {}
    for cell in itertools.product(ROWS, OPTIMIZERS, range(100)):
        for way in WAYS:
            if result_file(cell, way).exists():
                found[cell, way] = json.loads(result_file(cell, way).read_text())
    return found


def summarize() -> None:
    """Test accuracy of every row, both ways, and how far Adam is ahead seed by seed."""
    results = read_results()
    accuracies = {key: result["accuracy"] for key, result in results.items()}
    for row, optimizer, way in itertools.product(ROWS, OPTIMIZERS, WAYS):
        values = [v for (cell, w), v in accuracies.items() if (*cell[:2], w) == (row, optimizer, way)]
        if values:
            print(f"{row:<12}{optimizer:<9}{way:<9}{len(values):>3} seeds   {interval(values)}")
    print("\nAdam minus RMSProp, of the same seed, train.py")
    for row in ROWS:
        of = {cell[1:]: v for (cell, way), v in accuracies.items() if (cell[0], way) == (row, "train.py")}
        both = [of["adam", seed] - of["rmsprop", seed] for o, seed in of if o == "adam" and ("rmsprop", seed) in of]
        if both:
            print(f"{row:<12}{len(both):>3} seeds   {interval(both)}")
    differences = [r["largest_difference_of_loss"] for (_, way), r in results.items() if way == "loop"]
    if differences:
        print(f"\nLargest difference of an epoch's loss, {len(differences)} cells: {max(differences):.2g}")


def interval(values: Sequence[float]) -> str:
    """Mean, standard deviation, and 95 % interval of the mean by Student's t."""
    from scipy.stats import t

    mean = statistics.mean(values)
    if len(values) < 2:
        return f"{mean:.4f}"
    std = statistics.stdev(values)
    half = t.ppf(0.975, len(values) - 1) * std / math.sqrt(len(values))
    return f"{mean:.4f} sd {std:.4f} [{mean - half:.4f}, {mean + half:.4f}]"


def main() -> None:
    """Runs what is missing, then prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help="upfall_alphapose.pkl")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--rows", nargs="+", default=ROWS, choices=ROWS)
    parser.add_argument("--jobs", type=int, default=2, help="processes, of one thread each")
    args = parser.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    cells = [(row, o, seed) for seed, row, o in itertools.product(range(args.seeds), args.rows, OPTIMIZERS)]
    todo = [(cell, way) for way in WAYS for cell in cells if not result_file(cell, way).exists()]
    tasks = [(cell, way, str(args.path.resolve()), args.epochs) for cell, way in todo]
    with multiprocessing.get_context("spawn").Pool(args.jobs) as pool:
        # In order, and one by one: a loop's cell needs what train.py came to in it.
        for number, told in enumerate(pool.imap_unordered(run_cell, tasks), 1):
            print(f"{number}/{len(tasks)}", told, file=sys.stderr, flush=True)
    summarize()


if __name__ == "__main__":
    main()
