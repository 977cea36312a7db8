from dataclasses import dataclass, field
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import MISSING, OmegaConf

from sweeps.errors import ConfigError
from sweeps.runtime.job_context import JobContext
from sweeps.runtime.process import process_tags
from sweeps.tracking.rerun import repeat_config, resume_config
from sweeps.tracking.run import tracked_run

FILES = {
    "train.yaml": """
defaults: [repeat_schema, {optimizer: adam}, {datamodule: synthetic}, _self_, {experiment: null}]
seed: 0
progress: true
output_dir: ???
from_run: null
resume: null
tracking: {uri: "sqlite:///${output_dir}/mlflow.db", experiment: test}
sweep: {name: null}
trainer: {max_epochs: 30, half: "${.max_epochs}"}
""",
    "optimizer/adam.yaml": "{_target_: torch.optim.Adam, lr: 0.001, betas: [0.9, 0.999]}",
    "optimizer/sgd.yaml": "{_target_: torch.optim.SGD, lr: 0.001, momentum: 0.9}",
    "datamodule/synthetic.yaml": "{defaults: [{split: subject}, _self_], length: 9, stride: '${.length}', frames: 100}",
    "datamodule/split/subject.yaml": "{protocol: subject, fraction: 0.2}",
    "datamodule/split/window.yaml": "{protocol: window, fraction: 0.2, draw: 1}",
    "experiment/paper.yaml": """
# @package _global_
defaults: [{override /datamodule/split: window}]
trainer: {max_epochs: 200}
datamodule: {frames: 999}
""",
}


@dataclass
class SelectionSchema:
    monitor: str = "val/loss"


@dataclass
class SweepSchema:
    name: str | None = None


@dataclass
class Schema:
    """Types of the root, as train.py has them."""

    seed: int = 0
    progress: bool = True
    output_dir: str = MISSING
    from_run: str | None = None
    resume: str | None = None
    optimizer: Any = MISSING
    datamodule: Any = MISSING
    trainer: Any = MISSING
    tracking: Any = MISSING
    selection: SelectionSchema = field(default_factory=SelectionSchema)
    sweep: SweepSchema = field(default_factory=SweepSchema)


@pytest.fixture(scope="module")
def composer(tmp_path_factory, outputs):
    folder = tmp_path_factory.mktemp("conf")
    ConfigStore.instance().store("repeat_schema", Schema)
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)

    def typed(*overrides):
        overrides = [f"output_dir={outputs}", *overrides]
        with initialize_config_dir(str(folder), version_base="1.3"):
            cfg = compose("train", overrides, return_hydra_config=True)
        HydraConfig.instance().set_config(cfg)
        return OmegaConf.masked_copy(cfg, [key for key in cfg if key != "hydra"]), overrides

    yield typed
    GlobalHydra.instance().clear()
    HydraConfig.instance().cfg = None


@pytest.fixture(scope="module")
def earlier(composer, store):
    """A run that was typed, with its own choices, and was killed before its first epoch ended."""
    cfg, overrides = composer(
        "optimizer=sgd", "optimizer.lr=0.5", "seed=3", "trainer.max_epochs=7", "selection.monitor=x", "sweep.name=old"
    )
    with pytest.raises(KeyboardInterrupt), tracked_run(cfg, JobContext(tuple(overrides)), "d", store) as run:
        raise KeyboardInterrupt
    return run


def repeat(composer, store, earlier, *overrides):
    return repeat_config(*swap(composer(f"from_run={earlier.run_id}", *overrides), store))


def swap(typed, store):
    cfg, overrides = typed
    return cfg, store, overrides


def test_the_same_again(composer, store, earlier):
    cfg = repeat(composer, store, earlier, "sweep.name=new")
    assert cfg.optimizer == {"_target_": "torch.optim.SGD", "lr": 0.5, "momentum": 0.9}
    assert (cfg.seed, cfg.trainer.max_epochs, cfg.selection.monitor) == (3, 7, "x")
    assert cfg.sweep == {"name": "new"}
    assert cfg.from_run == earlier.run_id


def test_a_value_that_is_typed_wins_and_takes_along_what_depends_on_it(composer, store, earlier):
    cfg = repeat(
        composer, store, earlier, "datamodule.length=15", "trainer.max_epochs=8", "seed=0", "selection.monitor=y"
    )
    assert cfg.datamodule.stride == 15
    assert (cfg.trainer.max_epochs, cfg.trainer.half) == (8, 8)
    assert (cfg.seed, cfg.optimizer.lr, cfg.selection.monitor) == (0, 0.5, "y")


def test_a_group_that_is_typed_wins_as_a_whole(composer, store, earlier):
    cfg = repeat(composer, store, earlier, "optimizer=adam", "datamodule/split=window")
    assert cfg.optimizer == {"_target_": "torch.optim.Adam", "lr": 0.001, "betas": [0.9, 0.999]}
    assert cfg.datamodule.split == {"protocol": "window", "fraction": 0.2, "draw": 1}
    assert cfg.seed == 3


def test_a_value_in_a_group_that_is_typed_wins_too(composer, store, earlier):
    assert repeat(composer, store, earlier, "optimizer=adam", "optimizer.lr=0.1").optimizer.lr == 0.1


def test_a_preset_that_is_typed_wins_in_what_it_sets(composer, store, earlier):
    cfg = repeat(composer, store, earlier, "experiment=paper")
    assert (cfg.trainer.max_epochs, cfg.datamodule.frames, cfg.datamodule.split.protocol) == (200, 999, "window")
    assert (cfg.seed, cfg.optimizer.lr) == (3, 0.5)


def test_keys_added_and_removed_win(composer, store, earlier):
    cfg = repeat(composer, store, earlier, "+trainer.fast=true", "~datamodule.frames")
    assert cfg.trainer.fast is True
    assert "frames" not in cfg.datamodule


@pytest.mark.parametrize("key", ["from_run", "resume"])
def test_an_unknown_run_is_told_with_what_to_type(composer, store, earlier, key):
    cfg, overrides = composer(f"{key}=nonsense")
    with pytest.raises(ConfigError, match=f"{key}=nonsense: no such run .*{earlier.run_id}"):
        (repeat_config if key == "from_run" else resume_config)(cfg, store, overrides)


def test_a_run_without_a_configuration_is_told(composer, store):
    parent = store.client.create_run(store.experiment_id).info.run_id
    store.client.set_terminated(parent)
    with pytest.raises(ConfigError, match="holds no config"):
        repeat_config(*swap(composer(f"from_run={parent}"), store))


def test_a_killed_run_goes_on_with_what_it_had(composer, store, earlier):
    typed = composer(f"resume={earlier.run_id}", "progress=false")
    with pytest.raises(ConfigError, match=f"no epoch .* from_run={earlier.run_id}"):
        resume_config(*swap(typed, store))
    (earlier.folder / "last.ckpt").touch()
    cfg = resume_config(*swap(typed, store))
    assert (cfg.seed, cfg.optimizer.lr, cfg.trainer.half, cfg.progress) == (3, 0.5, 7, False)
    (earlier.folder / "last.ckpt").unlink()


def test_a_resumed_run_takes_no_changes(composer, store, earlier):
    with pytest.raises(ConfigError, match=f"from_run={earlier.run_id} seed=4$"):
        resume_config(*swap(composer(f"resume={earlier.run_id}", "seed=4"), store))


def test_a_run_that_is_finished_or_going_is_not_resumed(composer, store):
    run_id = store.client.create_run(store.experiment_id, tags=process_tags()).info.run_id
    with pytest.raises(ConfigError, match="still going, in process"):
        resume_config(*swap(composer(f"resume={run_id}"), store))
    store.client.set_terminated(run_id)
    with pytest.raises(ConfigError, match="finished"):
        resume_config(*swap(composer(f"resume={run_id}"), store))
