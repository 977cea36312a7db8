"""What the arguments of networks, baselines, optimizers, schedulers, loss and trainer must be, and ask of one another.

Data for whoever checks a configuration before anything heavy is imported. A check takes the arguments it is about by
their names, a group's name for the class that was chosen; `nearest` finds a misspelt name. Its fault is the argument,
what is wrong with it in words that end where the cures follow, and the cures: assignments of which one will do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Len, Lt

Fault = tuple[str, str, Sequence[Mapping[str, object]]]
Nearest = Callable[[str, Iterable[str]], str | None]

Count = Annotated[int, Ge(1)]
NotNegative = Annotated[float, Ge(0)]
Positive = Annotated[float, Gt(0)]
BelowOne = Annotated[float, Ge(0), Lt(1)]

ARGUMENTS: Mapping[str, Any] = {
    "seed": Annotated[int, Ge(0), Le(2**32 - 1)],  # the range of Lightning's
    "num_threads": Count | None,
    "test_curve": bool,
    "selection": {"monitor": object, "mode": Literal["min", "max"]},
    "model": {
        "num_layers": Count,
        "hidden_size": Count,
        "dropout": BelowOne,
        "num_trees": Count,
        "max_depth": Count | None,
        "min_samples_leaf": Count,
        "C": Positive,
        "gamma": Positive | Literal["scale", "auto"],
    },
    "loss": {
        "class_weights": Literal["balanced"] | list[Positive] | None,
        "label_smoothing": BelowOne,
    },
    "optimizer": {
        "lr": Positive,
        "betas": Annotated[list[BelowOne], Len(2, 2)],
        "eps": NotNegative,
        "alpha": NotNegative,
        "momentum": NotNegative,
        "weight_decay": NotNegative,
        "nesterov": object,
    },
    "scheduler": {"T_max": Count, "eta_min": NotNegative, "step_size": Count, "gamma": Positive},
    "trainer": {
        "accelerator": Literal["auto", "cpu", "gpu", "cuda", "mps"],
        "devices": Count | Literal["auto"] | list[NotNegative],
        "strategy": object,
        "max_epochs": Count,
        # Lightning's (lightning_fabric/connector.py), but for plain numbers, which are its old spelling.
        "precision": Literal["32-true", "16-mixed", "bf16-mixed", "16-true", "bf16-true", "64-true"],
        "gradient_clip_val": Positive | None,
        "deterministic": bool | Literal["warn"],
    },
}
SYNONYMS = {"learning_rate": "lr", "gpus": "devices", "device": "accelerator", "early_stopping": "monitor"}
NAMED_BY = ("model", "optimizer")
SEARCH_EXAMPLE = ("lr", "tag(log,interval(1e-5,1e-1))")
# What an epoch may be chosen by, and whether the best is the lowest or the highest.
METRICS = {"val/loss": "min", "val/accuracy": "max", "val/macro_f1": "max"}
# What a search may go by: never the test part, which would then have chosen what it is to judge.
SEARCHED = METRICS | {name.replace("val/", "train/"): mode for name, mode in METRICS.items()}


def is_baseline(model: str) -> bool:
    """Return whether a model's class is one of scikit-learn's, fitted at once on the CPU, and no network."""
    return model.startswith("lightning_modules.baselines.")


# Of which group which classes have no use for which arguments, and the words for it.
UNUSED = (
    (
        "model",
        is_baseline,
        (
            *("optimizer", "scheduler", "trainer", "selection", "label_smoothing"),
            *("batch_size", "loader", "num_workers", "pin_memory"),
        ),
        "{option} does not use it, it is no network; leave it out",
    ),
)
TRUE_ANYWAY = {"trainer": ("cpu", "auto"), "accelerator": ("cpu", "auto")}  # of a baseline too


def check_selection(monitor: str | None, mode: str, nearest: Nearest) -> Fault | None:
    """Check that the epoch is chosen by a metric of the validation part, and is the best by it."""
    if monitor is None or METRICS.get(monitor) == mode:
        return None
    if monitor in METRICS:
        return "mode", f"takes the worst epoch by {monitor}; type", [{"mode": METRICS[monitor]}]
    near = nearest(monitor, METRICS) or "val/loss"
    return "monitor", f"must be {_listed(METRICS)}; type", [{"monitor": near, "mode": METRICS[near]}]


def check_nesterov(nesterov: bool, momentum: float) -> Fault | None:
    """Check that Nesterov's momentum has one."""
    if nesterov is not True or momentum != 0:
        return None
    return "nesterov", "needs a momentum; type", [{"momentum": 0.9}, {"nesterov": False}]


def check_processes(strategy: str, devices: object) -> Fault | None:
    """Check that several processes are given by their number."""
    if not str(strategy).startswith("ddp") or isinstance(devices, int):
        return None
    count = len(devices) if isinstance(devices, list) else 2
    return "devices", f"`strategy`={strategy} needs a number of processes; type", [{"devices": count}]


def check_searched_metric(metric: str, direction: str, nearest: Nearest) -> Fault | None:
    """Check that a search goes by a metric, none of the test part, and finds the best by it."""
    if SEARCHED.get(metric) == direction:
        return None
    if metric in SEARCHED:
        return "direction", f"finds the worst by {metric}; type", [{"direction": SEARCHED[metric]}]
    of_test = "the test part judges what was found, it must not choose it"
    why = of_test if metric.startswith("test/") else f"must be {_listed(SEARCHED)}"
    near = nearest(metric.replace("test/", "val/"), SEARCHED) or "val/loss"
    return "metric", f"{why}; type", [{"metric": near, "direction": SEARCHED[near]}]


def check_searched_loss(metric: str, model: str) -> Fault | None:
    """Check that a search by the loss is of models that have one."""
    if not (metric.endswith("/loss") and is_baseline(model) and model.endswith(".SVM")):
        return None
    other = metric.replace("loss", "accuracy")
    return "metric", "`model`=svm has no loss; type", [{"metric": other, "direction": SEARCHED[other]}]


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}"
