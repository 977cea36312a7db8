"""A cell is what a job computes, on which data, by which code."""

from pathlib import Path

import pytest
from omegaconf import open_dict

from sweeps.tracking.cell import cell_of, code_digest
from train import LIMITS


def test_what_changes_no_result_changes_no_cell(job):
    same = job(
        progress=False,
        output_dir="/elsewhere",
        tracking__experiment="other",
        datamodule__num_workers=7,
        num_threads=3,
        sweep__name="s",
    )
    assert cell_of(job(), "d", LIMITS) == cell_of(same, "d", LIMITS)


@pytest.mark.parametrize("change", [{"seed": 1}, {"datamodule__sequence_length": 15}, {"optimizer__lr": 1e-2}])
def test_what_changes_a_result_changes_the_cell(job, change):
    one, other = cell_of(job(), "d", LIMITS), cell_of(job(**change), "d", LIMITS)
    assert one.id != other.id
    assert one.any_code != other.any_code
    assert one.any_code != cell_of(job(), "other data", LIMITS).any_code


def test_where_the_data_lies_counts_only_where_its_content_is_not_known(job):
    here, there = job(), job()
    here.datamodule.path, there.datamodule.path = "a.pkl", "b.pkl"
    assert cell_of(here, "d", LIMITS) == cell_of(there, "d", LIMITS)
    assert cell_of(here, "", LIMITS) != cell_of(there, "", LIMITS)


def test_how_key_points_were_found_counts_only_where_they_are_not_known(job):
    here, there = job(), job()
    for config, estimator in ((here, "hrnet_w32"), (there, "resnet50")):
        with open_dict(config):
            config.pose = {"estimator": {"config": estimator}}
            config.datamodule.estimator = config.pose.estimator
    assert cell_of(here, "d", LIMITS) == cell_of(there, "d", LIMITS) == cell_of(job(), "d", LIMITS)
    assert cell_of(here, "", LIMITS) != cell_of(there, "", LIMITS)


@pytest.fixture
def code(tmp_path: Path):
    """Write one module of a repository and digest it."""

    def digest(source: str) -> str:
        (tmp_path / "pose").mkdir(exist_ok=True)
        (tmp_path / "pose" / "clip.py").write_text(source)
        code_digest.cache_clear()
        return code_digest(tmp_path)

    yield digest
    code_digest.cache_clear()


PLAIN = '''def f(x):
    """Doubles."""
    return 2 * x
'''


def test_comments_docstrings_and_layout_are_no_code(code):
    other = '"""A module."""\n\n\ndef f( x ):\n    # twice\n    return (2 * x)\n'
    assert code(PLAIN) == code(other)
    assert code(PLAIN) != code(PLAIN.replace("2 *", "3 *"))
    assert code('x = "text"') != code('x = "other"')
