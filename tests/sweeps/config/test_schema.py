"""conf/train.yaml and its schema say the same, and nothing in conf/ breaks the table of rules."""

from dataclasses import MISSING, fields
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import ValidationError

import compare
import extract
import report
import train
from sweeps.config import schema
from sweeps.config.catalog import flatten
from sweeps.config.limits import Limits
from sweeps.config.targets import check_targets, find_targets
from sweeps.config.validate import check_config, plain
from sweeps.errors import ConfigError

CONF = schema.PROJECT_ROOT / "conf"
OPTIONS = [
    f"{path.parent.relative_to(CONF).as_posix()}={path.stem}"
    for path in sorted(CONF.rglob("*.yaml"))
    if path.parent != CONF and path.parent.name != "common" and not path.is_relative_to(CONF / "pose")
]


def compose_train(*overrides: str) -> DictConfig:
    return compose_root("train", *overrides)


def compose_root(root: str, *overrides: str) -> DictConfig:
    schema.register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(root, list(overrides))


def test_the_schema_has_the_keys_of_the_root():
    written = OmegaConf.load(CONF / "train.yaml")
    groups = {next(iter(entry)) for entry in written.pop("defaults") if not isinstance(entry, str)}
    groups = {group for group in groups if not group.startswith("override ")} - {"experiment"}
    written.pop("hydra")
    of_hrnet = {"pose"}  # the groups of pose/, which only datamodule=hrnet brings
    assert set(written) | groups | of_hrnet == {field.name for field in fields(schema.TrainSchema)}
    assert set(written.sweep) == {field.name for field in fields(schema.SweepSchema)}
    assert set(written.selection) == {field.name for field in fields(schema.SelectionSchema)}


def test_the_schema_has_the_defaults_of_the_root():
    written = OmegaConf.load(CONF / "train.yaml")
    for field in fields(schema.TrainSchema):
        if field.name in written and field.name not in ("output_dir", "sweep", "selection"):
            assert written[field.name] == field.default, field.name
    assert written.sweep == OmegaConf.structured(schema.SweepSchema)
    assert written.selection == OmegaConf.structured(schema.SelectionSchema)


def test_the_schema_of_extraction_has_the_keys_and_defaults_of_its_root():
    written = OmegaConf.load(CONF / "extract.yaml")
    written.pop("hydra")
    assert {*written, "tracking", "pose"} - {"defaults"} == {field.name for field in fields(schema.ExtractSchema)}
    assert written.sweep == OmegaConf.structured(schema.ExtractedSweepSchema)


def test_the_schema_of_the_report_has_the_keys_and_defaults_of_its_root():
    written = OmegaConf.load(CONF / "report.yaml")
    written.pop("hydra")
    assert {*written, "tracking"} - {"defaults"} == {field.name for field in fields(schema.ReportSchema)}
    assert set(written.sweep) == {field.name for field in fields(schema.ReportedSweepSchema)}
    for field in fields(schema.ReportSchema):
        if field.name in written and field.name not in ("output_dir", "sweep"):
            assert written[field.name] == field.default, field.name
    cfg = compose_root("report", "sweep.name=x")
    check_config(cfg, cfg, report.LIMITS)


def test_the_schema_of_the_comparison_has_the_keys_and_defaults_of_its_root():
    written = OmegaConf.load(CONF / "compare.yaml")
    written.pop("hydra")
    assert {*written, "pose"} - {"defaults"} == {field.name for field in fields(schema.CompareSchema)}
    cfg = compose_root("compare", "path=.", "annotations=a.json")
    for field in fields(schema.CompareSchema):
        if field.name in written and field.name not in ("path", "annotations", "output_dir", "tracking"):
            default = field.default if field.default is not MISSING else field.default_factory()
            assert cfg[field.name] == written[field.name] == default, field.name
    check_config(cfg, cfg, compare.LIMITS)


def test_the_schema_refuses_other_types():
    cfg = compose_train()
    with pytest.raises(ValidationError):
        cfg.seed = "abc"


def test_project_paths_lie_beside_pyproject_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    outputs = Path(compose_train().output_dir)
    assert (outputs.parent / "pyproject.toml").is_file()


# What cannot have a default.
NEEDED = {
    "datamodule=pyskl": ["datamodule.path=data.pkl"],
    **{
        f"datamodule={name}": ["datamodule.path=."]
        for name in ("aihub", "aihub_videos", "alphapose", "hrnet", "openpose")
    },
    "experiment=demo": ["datamodule.path=."],
    "datamodule/split=predefined": ["datamodule.split.train=a", "datamodule.split.test=b"],
}


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_in_conf_passes_the_checks(option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("data.pkl").touch()
    cfg = compose_train(f"+{option}" if option.startswith("sweep=") else option, *NEEDED.get(option, []))
    check_config(cfg, cfg, train.LIMITS)


@pytest.mark.slow
def test_every_rule_is_about_a_key_that_is_in_conf():
    options = [option for option in OPTIONS if not option.startswith(("sweep=", "experiment="))]
    keys = {key for option in options for key in keys_of("train", train.LIMITS, option)}
    keys |= {f"hydra.sweeper.{key}" for key in OmegaConf.load(CONF / "hydra/sweeper/optuna.yaml")}
    for door in (extract, compare, report):
        keys |= keys_of(door.__name__, door.LIMITS)
    for door in (train, extract, compare, report):
        assert set(door.LIMITS.rules) - keys == set()


def keys_of(root: str, limits: Limits, *overrides: str) -> set[str]:
    cfg = compose_root(root, *overrides)
    return set(flatten(OmegaConf.to_container(cfg, resolve=False), stop=limits.tables))


def test_missing_values_are_named_together():
    cfg = OmegaConf.create({"a": "???", "b": {"c": "???"}, "d": 1})
    with pytest.raises(ConfigError, match=r"^a and b\.c are not set; type a=VALUE b\.c=VALUE$"):
        check_config(cfg, cfg, train.LIMITS)


def test_a_value_without_a_rule_keeps_the_type_of_its_default():
    default = OmegaConf.create(
        {"net": {"width": 3, "rate": 0.5, "wide": True, "name": "x", "sizes": [1], "free": None}}
    )
    for key, value in {"width": "a", "rate": "b", "wide": 1, "name": 2, "sizes": 3}.items():
        with pytest.raises(ConfigError, match=rf"^net\.{key}={value}: must be "):
            check_config(OmegaConf.merge(default, {"net": {key: value}}), default, Limits())
    check_config(OmegaConf.merge(default, {"net": {"rate": 1, "free": "anything"}}), default, Limits())


def test_every_target_in_conf_is_one_that_may_be_built():
    cfg = plain(compose_train())
    assert len(list(find_targets(cfg))) >= 4
    check_targets(cfg)


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "builtins.eval",
        "sweeps.entrypoint.os.system",  # through a module's imports
        "sweeps.entrypoint.Callable",  # not its own class
        "sweeps.config.schema.register",  # not a class
        "torch.hub.load",
        "torch.optim.adam.torch.hub.load",
        "torch.optim.Adam.__init__.__globals__",
        "pytorch_lightning.Trainer.__init__.__globals__.get",
        "pytorch_lightning_evil.Trainer",
        "sweepsevil.Door",
        "hydra.utils.get_object",
        "..sweeps.errors.ConfigError",
        "",
        "Trainer",
        3,
    ],
)
@pytest.mark.parametrize("nest", [lambda x: {"a": x}, lambda x: {"a": [{"b": x}]}], ids=["dict", "list"])
def test_nothing_else_may_be_built_anywhere(target: object, nest):
    with pytest.raises(ConfigError):
        check_targets(nest({"_target_": target}))
