"""Real runs of train.py, with real tracking, on little data."""

import csv
import json
import os
import re
import shlex
import socket
from pathlib import Path

import mlflow
import pytest
import torch
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

import train
from lightning_modules import engine
from lightning_modules.metrics import slug
from sweeps.config import schema
from sweeps.tracking.cell import cell_of
from sweeps.tracking.params import flat_params
from tests.helpers import (
    BASELINES,
    CONF,
    LITTLE,
    LITTLE_DATA,
    PARTS,
    SPEEDS,
    Done,
    assert_same_weights,
    choose,
    option_files,
)

REAL = Path(__file__).parents[2] / "shared" / "data" / "upfall_alphapose" / "upfall_alphapose.pkl"
LITTLE_RUN = f"{LITTLE} {LITTLE_DATA} tracking.log_model=never progress=false"
LITTLE_FILE = LITTLE_RUN.replace(f"{LITTLE_DATA} ", "")
OPTIONS = option_files()
# `demo` needs videos: tests/test_extract.py.
EXPERIMENTS = [option.stem for option in OPTIONS if option.parent.name == "experiment" and option.stem != "demo"]
SUMMARY = ("loss", "accuracy", "macro_f1")


# What can be chosen ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", [option for option in OPTIONS if option.parts[0] != "pose"], ids=str)
def test_every_option_composes(option):
    schema.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("train", [*shlex.split(choose(option)), "output_dir=x"])
    OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)


@pytest.mark.slow
@pytest.mark.parametrize("preset", [option.stem for option in OPTIONS if option.parent.name == "sweep"])
def test_every_job_of_a_sweep_preset_composes(preset):
    schema.register()
    content = yaml.safe_load((CONF / "sweep" / f"{preset}.yaml").read_text())
    with initialize_config_dir(str(CONF), version_base="1.3"):
        for key, values in content["hydra"]["sweeper"]["params"].items():
            for value in str(values).split(","):
                compose("train", [f"+sweep={preset}", f"{key}={value}", "output_dir=x"])


def test_the_threads_of_a_command_are_those_of_its_extraction_and_change_no_result():
    schema.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        words = ["datamodule=hrnet", "datamodule.path=x", "output_dir=x"]
        one, three = (compose("train", [*words, f"num_threads={count}"]) for count in (1, 3))
    assert (one.datamodule.num_threads, three.datamodule.num_threads) == (1, 3)
    assert cell_of(one, "d", train.LIMITS) == cell_of(three, "d", train.LIMITS)
    assert train.JOB_DATA.identity(one) == train.JOB_DATA.identity(three)


def inherited(option: Path) -> list[Path]:
    """The files of its own group that an option builds on."""
    content = yaml.safe_load((CONF / option).read_text())
    names = [name for name in content.get("defaults", []) if isinstance(name, str) and name != "_self_"]
    files = [option.with_name(f"{name}.yaml") for name in names]
    return [file for file in files if (CONF / file).exists()]  # the schema of the root is code


def commented(option: Path) -> tuple[set[str], set[str]]:
    """Keys with a value that a file sets: those that a comment beside or above them explains, and the others."""
    explained, bare, above = set(), set(), False
    for line in (CONF / option).read_text().splitlines():
        key = re.match(r"\s*([\w]+):\s+[^#\s]", line)
        if key:
            (explained if " #" in line or above else bare).add(key[1])
        above = line.lstrip().startswith("#") and bool(explained or bare)
    return explained, bare


@pytest.mark.parametrize("option", OPTIONS, ids=str)
def test_every_option_says_what_it_is(option):
    lines = (CONF / option).read_text().splitlines()
    first = lines[1] if lines[0].startswith("# @package") else lines[0]
    assert re.match(r"# \S", first), f"{option} begins with no comment"


@pytest.mark.parametrize(
    "option",
    [
        o
        for o in [Path("train.yaml"), Path("extract.yaml"), Path("report.yaml"), Path("compare.yaml"), *OPTIONS]
        if "@package _global_" not in (CONF / o).read_text()
    ],
    ids=str,
)
def test_every_key_is_commented(option):
    known = {"_target_"}.union(*(commented(base)[0] for base in inherited(option)))
    if option.parent == Path():
        known |= {"dir", "subdir"}  # Hydra's own
    assert commented(option)[1] - known == set()


# What a run leaves ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session", params=EXPERIMENTS)
def experiment(request, typist) -> Done:
    return typist.train(f"experiment={request.param} {LITTLE} {LITTLE_DATA} progress=false")


@pytest.mark.slow
def test_a_run_of_an_experiment_is_finished_with_all_its_metrics(experiment):
    assert experiment.status == "FINISHED"
    history = experiment.history()
    for key, values in history.items():
        steps = [step for step, _ in values]
        assert len(steps) == len(set(steps)), f"{key} has a step twice"
        if key.startswith(("train/", "val/")):
            assert steps == [1, 2], key
    config = stored_config(experiment)
    parts = [part for part in PARTS if part != "val" or config.datamodule.split.val_fraction]
    assert {f"{part}/{name}" for part in parts for name in SUMMARY} <= history.keys()
    assert {"test/clip_accuracy", "test/abnormal_recall", "test/false_alarm_rate"} <= history.keys()
    for name in classes_in_test(experiment):
        assert f"test/recall/{slug(name)}" in history
    assert all(experiment.run.data.metrics[speed] > 0 for speed in SPEEDS)
    tested = [1, 2] if config.test_curve else [chosen_epoch(experiment)]
    assert [step for step, _ in history["test/accuracy"]] == tested
    for key in history:
        assert re.fullmatch(
            r"(train|val|test)/(loss|accuracy|macro_f1)|epochs_to_95|best/val/loss|"
            r"test/(clip_accuracy|abnormal_recall|false_alarm_rate|recall/\w+)",
            key,
        )


@pytest.mark.slow
def test_a_run_of_an_experiment_says_what_it_was(experiment):
    config, tags = stored_config(experiment), experiment.run.data.tags
    assert experiment.run.data.params == flat_params(config)
    assert {"cell", "host", "pid", "pid_start", "data_digest", "overrides"} <= tags.keys()
    assert (tags["host"], tags["pid"]) == (socket.gethostname(), str(os.getpid()))
    assert "trainer.max_epochs=2" in json.loads(tags["overrides"])
    inputs = experiment.run.inputs.dataset_inputs
    contexts = {tag.value for entry in inputs for tag in entry.tags if tag.key == "mlflow.data.context"}
    assert contexts == {part for part in PARTS if f"{part}/loss" in experiment.run.data.metrics}
    assert tags["data.frames"] == "3000"


@pytest.mark.slow
def test_a_run_of_an_experiment_keeps_its_files_and_its_model(experiment):
    validated = "val/loss" in experiment.run.data.metrics
    kept = experiment.artifacts()
    assert {"config.yaml", "checkpoints/last.ckpt", "confusion_matrix.png", "curves.png", "per_class.csv"} <= kept
    assert ("checkpoints/best.ckpt" in kept) == validated
    for name in ("last.ckpt", *(["best.ckpt"] if validated else [])):
        assert "network.lstm.weight_ih_l0" in experiment.checkpoint(name)["state_dict"]
    assert not list(experiment.folder.glob(".*"))
    figure = Path(experiment.store.client.download_artifacts(experiment.id, "confusion_matrix.png")).read_bytes()
    assert figure.startswith(b"\x89PNG")
    probabilities = experiment.model()(torch.rand(3, 9, 17, 2), torch.ones(3, 9, 17))
    assert torch.allclose(probabilities.sum(dim=1), torch.ones(3), atol=1e-5)


def stored_config(done: Done):
    return OmegaConf.load(done.store.client.download_artifacts(done.id, "config.yaml"))


def classes_in_test(done: Done) -> list[str]:
    table = Path(done.store.client.download_artifacts(done.id, "per_class.csv")).read_text().splitlines()
    return [row["class"] for row in csv.DictReader(table) if int(row["support"])]


def chosen_epoch(done: Done) -> int:
    losses = done.history()["val/loss"]
    return min(losses, key=lambda point: point[1])[0]


# Every choice, run at least once --------------------------------------------------------------------------------------

GROUPS = ("datamodule/split", "optimizer", "scheduler", "loss", "model")
VALUES = {
    "datamodule.normalize": ("body", "none", "standard"),
    "datamodule.loader": ("workers", "resident"),
    "datamodule.scores": ("true", "false"),
    "datamodule.velocity": ("false", "true", "true"),
    "datamodule.train_fraction": ("1", "0.5"),
    "model.dropout": ("0.3", "0"),
    "model.bidirectional": ("false", "true"),
    "loss.class_weights": ("balanced", "null"),
    "loss.label_smoothing": ("0", "0.1"),
    "selection": ("val/loss min", "val/accuracy max"),
    "trainer.gradient_clip_val": ("1", "null"),
    "datamodule.stride": ("3", "9", "12"),
}


def covering_runs() -> list[list[str | Path]]:
    """Few runs in which every option of these groups, and every one of these values, is at least once."""
    groups = [[option for option in OPTIONS if option.parent == Path(group)] for group in GROUPS]
    groups = [[option for option in group if option.stem not in BASELINES] for group in groups]
    values = [[f"{key}={value}" for value in choices] for key, choices in VALUES.items()]
    columns = [*groups, *values]
    count = max(len(column) for column in columns)
    return [[column[number % len(column)] for column in columns] for number in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize("choices", covering_runs(), ids=lambda choices: str(choices[0]))
def test_every_choice_runs(typist, pyskl, choices):
    words = [choose(choice, pyskl) if isinstance(choice, Path) else choice for choice in choices]
    selection = next(word for word in words if word.startswith("selection="))
    monitor, mode = selection.removeprefix("selection=").split()
    words[words.index(selection)] = f"selection.monitor={monitor} selection.mode={mode}"
    predefined = "datamodule/split=predefined" in " ".join(words)
    data = f"datamodule=pyskl datamodule.path={pyskl}" if predefined else f"{LITTLE_DATA} datamodule.views=6"
    done = typist.train(f"{data} datamodule.num_workers=1 {' '.join(words)} {LITTLE_FILE}")
    assert done.status == "FINISHED"
    assert done.history()["train/loss"][-1][0] == 2


@pytest.mark.slow
def test_three_dimensions_longer_windows_and_every_model_kept(typist):
    command = f"datamodule.dimensions=3 datamodule.sequence_length=12 seed=1 {LITTLE_RUN} tracking.log_model=always"
    done = typist.train(command)
    assert len(done.run.outputs.model_outputs) == 2
    assert done.model()(torch.rand(1, 12, 17, 3), torch.ones(1, 12, 17)).sum().item() == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
def test_a_pickle_of_pyskl_is_learned(typist, pyskl):
    data = f"datamodule=pyskl datamodule.path={pyskl} datamodule.id_pattern=ntu datamodule.class_names=[stay,drift]"
    done = typist.train(f"{data} {LITTLE_FILE} trainer.max_epochs=20 model.num_layers=1 optimizer.lr=0.02")
    assert done.run.data.metrics["test/clip_accuracy"] > 0.9
    assert {"test/recall/stay", "test/recall/drift", "epochs_to_95"} <= done.run.data.metrics.keys()


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason=f"{REAL} is not on this machine")
def test_real_key_points_train(typist):
    words = "datamodule/split=predefined datamodule.split.train=clip_train datamodule.split.test=clip_test"
    done = typist.train(f"datamodule=pyskl datamodule.path={REAL} {words} {LITTLE_FILE} optimizer.lr=0.01")
    assert done.run.data.tags["data.frames"] == "10999"
    assert done.run.data.metrics["test/accuracy"] > 0.2


# The same again -------------------------------------------------------------------------------------------------------

AGAIN = f"{LITTLE_RUN} model.dropout=0.3 seed=5"


@pytest.fixture(scope="session")
def first(typist) -> Done:
    return typist.train(AGAIN)


@pytest.mark.slow
def test_one_seed_gives_the_same_numbers_to_the_last_bit(typist, first):
    torch.rand(7)  # whatever happened in the process before
    second = typist.train(AGAIN)
    assert first.history() == second.history()
    assert_same_weights(first, second)
    assert first.run.data.tags["cell"] == second.run.data.tags["cell"]
    other = typist.train(f"{AGAIN} seed=6")
    assert other.history()["train/loss"] != first.history()["train/loss"]


@pytest.mark.slow
def test_both_loaders_give_the_same_numbers(typist, first):
    second = typist.train(f"{AGAIN} datamodule.loader=workers datamodule.num_workers=1")
    assert first.history() == second.history()


@pytest.mark.slow
def test_from_run_repeats_to_the_last_digit_and_changes_only_what_is_typed(typist, first):
    base = f"from_run={first.id} tracking.log_model=never tracking.experiment=test progress=false"
    again = typist.train(base)
    assert again.id != first.id
    assert again.run.data.params == first.run.data.params
    assert again.history() == first.history()
    assert_same_weights(first, again)
    changed = typist.train(f"{base} optimizer=rmsprop").run.data.params
    before = first.run.data.params
    differing = {key for key in before.keys() | changed.keys() if before.get(key) != changed.get(key)}
    assert {key.partition(".")[0] for key in differing} == {"optimizer"}
    assert changed["optimizer._target_"] == "torch.optim.RMSprop"


# Sweeps, errors, order ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_sweep_over_optimizers_is_one_parent_with_two_children_and_a_table(typist):
    ended = typist.type(f"-m optimizer=adam,rmsprop {LITTLE_RUN}")
    assert (ended.status, ended.err) == (0, "")
    last = typist.done(ended.run_id)
    parent = typist.done(last.run.data.tags["mlflow.parentRunId"])
    children = parent.children()
    assert [child.status for child in (parent, *children)] == ["FINISHED"] * 3
    assert {child.run.data.params["optimizer._target_"] for child in children} == {
        "torch.optim.Adam",
        "torch.optim.RMSprop",
    }
    assert {child.run.data.tags["sweep"] for child in children} == {parent.run.data.tags["sweep"]}
    rows = re.findall(r"^finished +(\w+) +(\d\.\d+) +(\d\.\d+)", ended.out, re.MULTILINE)
    assert sorted(name for name, *_ in rows) == ["adam", "rmsprop"]
    assert rows[0][1] <= rows[1][1]  # the best by validation first
    for child in children:
        shown = [f"{child.run.data.metrics[key]:.4f}" for key in ("best/val/loss", "test/accuracy")]
        assert (child.run.data.params["optimizer._target_"].rpartition(".")[2].lower(), *shown) in rows


@pytest.mark.slow
def test_a_loss_that_is_not_a_number_ends_the_run_failed_in_one_line(typist):
    before = {run.info.run_id for run in typist.store.client.search_runs([typist.store.experiment_id])}
    ended = typist.type(f"optimizer=sgd optimizer.lr=1e38 {LITTLE_RUN}")
    assert ended.status == 1
    assert re.fullmatch(r"error: the loss became \w+ in step \d+ of \d+ of epoch 1 \(\w+\): lower .*\n", ended.err)
    [run] = [r for r in typist.store.client.search_runs([typist.store.experiment_id]) if r.info.run_id not in before]
    assert run.info.status == "FAILED"
    assert run.data.tags["error"].startswith("DivergenceError: the loss became")


@pytest.mark.slow
def test_weights_that_do_not_fit_the_data_are_told_before_the_first_job_of_a_sweep(typist):
    before = len(typist.store.client.search_runs([typist.store.experiment_id]))
    ended = typist.type(f"-m 'loss.class_weights=null,[1,2]' {LITTLE_RUN}")
    line = "error: loss.class_weights=[1, 2]: the data has 6 classes; give one number each\n"
    assert (ended.status, ended.err) == (1, line)
    assert len(typist.store.client.search_runs([typist.store.experiment_id])) == before


@pytest.mark.slow
def test_an_epoch_is_one_write_after_its_checkpoint(typist, monkeypatch):
    order = []
    opened = engine.make_trainer

    def make_trainer(factory, checkpoint, *rest, **options):
        send = checkpoint.report

        def report(rows):
            saved = torch.load(checkpoint.folder / "last.ckpt", weights_only=True)
            assert saved["epoch"] + 1 == rows[-1]["epoch"]
            order.append("report")
            send(rows)

        checkpoint.report = report
        return opened(factory, checkpoint, *rest, **options)

    log_batch = mlflow.MlflowClient.log_batch

    def counted(self, run_id, metrics=(), **rest):
        if metrics:
            order.append({metric.step for metric in metrics})
        return log_batch(self, run_id, metrics=metrics, **rest)

    monkeypatch.setattr(engine, "make_trainer", make_trainer)
    monkeypatch.setattr(mlflow.MlflowClient, "log_batch", counted)
    done = typist.train(f"{LITTLE_RUN} trainer.max_epochs=3")
    # the last report finds nothing new: it is there for a kill between a checkpoint and its report
    assert order == ["report", {1}, "report", {2}, "report", {3}, "report", {chosen_epoch(done)}]
    times = done.store.client.get_metric_history(done.id, "train/loss")
    assert [metric.timestamp for metric in times] == sorted(metric.timestamp for metric in times)
