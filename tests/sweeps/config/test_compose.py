"""Options that are named in a list are composed as if each had been chosen alone."""

import pytest
from omegaconf import OmegaConf

from sweeps.config.compose import Group
from sweeps.errors import ConfigError

ROOT = OmegaConf.create({"output_dir": "/somewhere", "pose": {"nms": {"_target_": "x"}}})


@pytest.fixture(scope="module")
def group() -> Group:
    return Group("pose/nms", "names")


def test_an_option_has_the_keys_of_its_file_and_what_is_set_otherwise(group):
    plain = group.compose("oks", {}, ROOT)
    assert plain["_target_"] == "pose.nms.OksNms"
    assert group.compose("oks", {"threshold": 0.5}, ROOT) == {**plain, "threshold": 0.5}
    assert ROOT.pose.nms._target_ == "x"


def test_bases_of_an_option_and_what_it_takes_from_the_root_are_there():
    values = Group("pose/estimator", "names").compose("hrnet_w32", {"cache": "${output_dir}/weights"}, ROOT)
    assert values["weights"] == "official"
    assert values["cache"] == "/somewhere/weights"


@pytest.mark.parametrize(
    ("option", "settings", "message"),
    [
        ("okz", {}, "names: okz is no option of pose/nms; type oks"),
        ("magic", {}, r"names: magic is no option of pose/nms; there are none, oks, parametric and soft_oks"),
        ("oks", {"treshold": 1}, "names: oks has no key treshold; type threshold"),
        ("oks", {"abc": 1}, "names: oks has no key abc; it has _target_, threshold and skeleton"),
        ("oks", {"_target_": "os.system"}, "_target_=os.system: "),
    ],
)
def test_mistakes_are_one_line(group, option, settings, message):
    with pytest.raises(ConfigError, match=message) as told:
        group.compose(option, settings, ROOT)
    assert "\n" not in str(told.value)
