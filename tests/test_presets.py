"""The presets of conf/sweep: how many jobs they are, and that their first job runs."""

import math
import re

import pytest
import yaml

from tests.helpers import CONF, LITTLE, LITTLE_DATA

PRESETS = sorted(path.stem for path in (CONF / "sweep").glob("*.yaml"))
COUNTED = [preset for preset in PRESETS if " jobs" in (CONF / "sweep" / f"{preset}.yaml").read_text()]


def params(preset: str) -> dict[str, list[str]]:
    content = yaml.safe_load((CONF / "sweep" / f"{preset}.yaml").read_text())
    return {key: str(values).split(",") for key, values in content["hydra"]["sweeper"]["params"].items()}


def test_the_issues_presets_are_there():
    assert {"ablation", "depth", "fair", "features", "protocol", "scaling", "sequence_length"} <= set(COUNTED)


@pytest.mark.parametrize("preset", COUNTED)
def test_a_preset_says_how_many_jobs_it_is(preset):
    text = (CONF / "sweep" / f"{preset}.yaml").read_text()
    counts = [len(values) for values in params(preset).values()]
    assert f"{' x '.join(map(str, counts))} = {math.prod(counts)} jobs" in text


@pytest.mark.slow
@pytest.mark.parametrize("preset", PRESETS)
def test_the_first_job_of_a_preset_runs(preset, typist):
    first = " ".join(f"{key}={values[0]}" for key, values in params(preset).items())
    ended = typist.type(f"-m +sweep={preset} {LITTLE} {LITTLE_DATA} tracking.log_model=never progress=false {first}")
    assert (ended.status, ended.err) == (0, "")
    done = typist.done(ended.run_id)
    assert (done.status, done.run.data.tags["sweep"]) == ("FINISHED", preset)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["random_forest", "svm"])
def test_the_smallest_share_of_the_scaling_preset_is_enough_for_a_baseline(model, typist):
    words = f"{LITTLE_DATA} tracking.log_model=never tracking.experiment=test progress=false"
    ended = typist.type(f"-m +sweep=scaling model={model} datamodule.train_fraction=0.01 seed=0 {words}")
    assert (ended.status, ended.err) == (0, "")
    assert typist.done(ended.run_id).run.data.params["num_threads"] == "1"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "expected"), [("null", ["window", "clip"]), ("ntu", ["window", "clip", "subject", "camera"])]
)
def test_protocols_that_the_data_cannot_have_are_left_out_and_told(pattern, expected, typist, pyskl):
    data = f"datamodule=pyskl datamodule.path={pyskl} datamodule.id_pattern={pattern} tracking.log_model=never"
    words = f"sweep.name=protocol-{pattern} {LITTLE} progress=false"
    ended = typist.type(f"-m +sweep=protocol seed=3 {data} {words}")
    assert (ended.status, ended.err) == (0, "")
    told = re.findall(r"^left out: datamodule/split=(\w+): the data names no \1s to split by", ended.out, re.MULTILINE)
    assert [*expected, *told] == ["window", "clip", "subject", "camera"]
    parent = typist.done(typist.done(ended.run_id).run.data.tags["mlflow.parentRunId"])
    children = parent.children()
    assert {child.run.data.params["datamodule.split.protocol"] for child in children} == set(expected)
    assert len(children) == len(expected)
    assert all(child.run.data.params["datamodule.split.seed"] == "3" for child in children)
    for split in told:
        assert f"datamodule/split={split}: the data names no" in parent.run.data.tags["sweep.left_out"]
        assert f"datamodule/split={split}: the data names no" in children[0].run.data.params["sweep.left_out"]


@pytest.mark.slow
def test_without_the_key_a_split_that_the_data_cannot_have_stops_the_sweep(typist, pyskl):
    ended = typist.type(f"-m datamodule/split=clip,camera datamodule=pyskl datamodule.path={pyskl} {LITTLE}")
    assert ended.status == 1
    assert ended.err.startswith("error: the data names no cameras to split by: set datamodule.id_pattern")
