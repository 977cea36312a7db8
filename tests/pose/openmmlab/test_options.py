"""The options of pose/detector and pose/estimator say what they are without loading anything."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pose.errors import DataError
from pose.openmmlab.devices import used_precision
from pose.weights.addresses import ADDRESSES
from pose.weights.config_files import ConfigFile
from pose.weights.official import find_hash
from tests.pose.openmmlab.options import ROOT, make, names
from tests.pose.video.videos import simple_parts

NETWORKS = [(group, name) for group in ("detector", "estimator") for name in names(group) if name != "whole_frame"]
OFFICIAL = [(group, name) for group, name in NETWORKS if name != "demo"]


def test_the_options_are_those_that_the_docs_name():
    assert {"rtmdet_tiny", "rtmdet_m", "yolox_s", "faster_rcnn", "mask_rcnn", "whole_frame"} <= {*names("detector")}
    top_down = {"hrnet_w32", "hrnet_w48", "resnet50", "rtmpose_m", "vitpose_b"}
    assert {*top_down, "dekr", "associative_embedding", "rtmo"} <= {*names("estimator")}


@pytest.mark.parametrize(("group", "name"), OFFICIAL)
def test_identities_name_the_weights(group, name):
    option = make(group, name, weights="official")
    digits = find_hash(ADDRESSES[option.network.file.name])
    assert option.identity["weights"] == f"official {digits}"
    assert option.identity["name"] == name
    assert json.loads(json.dumps(option.identity)) == option.identity
    assert make(group, name, weights="official", device="cpu", cache="/elsewhere").identity == option.identity


@pytest.mark.parametrize(
    ("group", "name", "values"),
    [
        ("detector", "rtmdet_tiny", {"score_threshold": 0.4}),
        ("detector", "rtmdet_tiny", {"max_people": 3}),
        ("detector", "rtmdet_tiny", {"input_size": [320, 320]}),
        ("detector", "rtmdet_tiny", {"precision": "float16"}),
        ("detector", "rtmdet_tiny", {"weights": "random:1"}),
        ("estimator", "hrnet_w32", {"flip_test": False}),
        ("estimator", "hrnet_w32", {"skeleton": "aihub16"}),
        ("estimator", "rtmo", {"score_threshold": 0.4}),
        ("estimator", "dekr", {"flip_test": False}),
    ],
)
def test_identities_differ_where_results_do(group, name, values):
    assert make(group, name, **values).identity != make(group, name).identity


def test_a_file_is_told_by_its_content(tmp_path):
    (tmp_path / "base.py").write_text("a = 1\n")
    identities = []
    for number, text in enumerate(("b = 1\n", "b = 1\n", "b = 2\n")):
        (tmp_path / f"{number}.py").write_text(f"_base_ = './base.py'\n{text}")
        identities.append(make("detector", "rtmdet_tiny", config=str(tmp_path / f"{number}.py")).identity)
    assert identities[0] == identities[1]
    assert identities[0] != identities[2]
    (tmp_path / "base.py").write_text("a = 2\n")
    assert make("detector", "rtmdet_tiny", config=str(tmp_path / "0.py")).identity != identities[0]
    assert str(tmp_path) not in json.dumps(dict(identities[0]))


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"my.py": "a = 1\nb = (\n"}, "my.py is no Python: line 2: "),
        ({"my.py": "a = '\0'\n"}, "my.py is no Python: "),
        ({"my.py": b"a = '\xff'\n"}, "my.py is no Python: "),
        ({"my.json": '{"model": true}'}, r"no configuration \S*my.json: use .* a path to a \.py file"),
        ({"my.yaml": "model: {}"}, r"no configuration \S*my.yaml: use .* a path to a \.py file"),
        ({"my.py": "ROOT = ''\n_base_ = ROOT + 'x.py'\n"}, "my.py: _base_ must be written out"),
        ({"my.py": "_base_ = [1]\n"}, "my.py: _base_ must be written out"),
        ({"my.py": "_base_ = ['x.py']\n"}, r"x\.py, a _base_ of \S*my\.py, cannot be read \(No such file"),
        ({"my.py": "_base_ = 'x.yaml'\n", "x.yaml": ""}, r"x\.yaml is no configuration: it must be a \.py file"),
        ({"my.py": "_base_ = 'x.py'\n", "x.py": "_base_ = './my.py'\n"}, "my.py inherits from itself"),
        ({"my.py": "_base_: list = ['x.py']\n", "x.py": ""}, "my.py: write _base_ only once, not indented, as"),
        ({"my.py": "if True:\n    _base_ = ['x.py']\n", "x.py": ""}, "my.py: write _base_ only once"),
        ({"my.py": "_base_ = 'x.py'\n_base_ = 'y.py'\n", "x.py": ""}, "my.py: write _base_ only once"),
        (
            {"my.py": "from mmengine.config import read_base\nwith read_base():\n    from .x import *\n", "x.py": ""},
            r"my.py: bases by read_base\(\) are not understood here",
        ),
    ],
)
def test_a_mistake_in_a_configuration_is_one_line(tmp_path, files, says):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=says) as told:
        _ = ConfigFile(str(tmp_path / next(iter(files)))).identity
    assert "\n" not in str(told.value)


def test_bases_of_the_libraries_and_of_bases_are_understood(tmp_path):
    for name, bases in {"a": ["./b.py", "mmdet::x.py"], "b": "sub/c.py", "sub/c": []}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.py").write_text(f"_base_ = {bases!r}\n")
    before = ConfigFile(str(tmp_path / "a.py")).identity
    (tmp_path / "sub/c.py").write_text("_base_ = []\na = 1\n")
    assert ConfigFile(str(tmp_path / "a.py")).identity != before


def test_a_configuration_without_pictures_to_prepare_is_told(tmp_path):
    pytest.importorskip("mmengine")
    from pose.openmmlab.build import read_config

    (tmp_path / "my.py").write_text("model = dict()\ntest_dataloader = None\n")
    with pytest.raises(DataError, match=r"my\.py has no test_dataloader\.dataset\.pipeline"):
        read_config(ConfigFile(str(tmp_path / "my.py")))


def test_nothing_is_loaded_to_say_what_they_are():
    program = ROOT / "tests/pose/openmmlab/programs/official_identities.py"
    words = [word for option in OFFICIAL for word in option]
    command = [sys.executable, "-c", program.read_text(), *words]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout == "[]\n"


def test_the_precision_that_is_used_is_known():
    import torch

    detector, half = make("detector", "rtmdet_tiny", device="cpu"), {"device": "cpu", "precision": "bfloat16"}
    parts = simple_parts(detector=detector, estimator=make("estimator", "hrnet_w32", device="cpu"))
    assert parts.precision == "float32"
    parts = simple_parts(detector=detector, estimator=make("estimator", "hrnet_w32", **half))
    assert parts.precision == "float32, bfloat16"
    assert simple_parts(detector=detector, estimator=make("estimator", "dekr", **half)).precision == "bfloat16"
    assert simple_parts().precision == "float32"
    assert used_precision(torch.device("cuda"), "auto") == "float16"
