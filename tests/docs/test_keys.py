"""The reference of conf/: it is complete, and every key says what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.site_ext.keys import GROUPS, read_option, write_page
from tests.docs.pages import ROOT, name

CONF = ROOT / "conf"
FILES = sorted(CONF.rglob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_says_what_it_is_for_and_each_of_its_keys_what_it_is(path: Path) -> None:
    option = read_option(path)
    assert option.about, "begin it with a comment"
    # The keys that a preset sets have their comments where they come from.
    silent = [] if option.is_preset else [key.name for key in option.keys if not key.comment]
    assert not silent, f"write a comment beside {', '.join(silent)}: what it is, its unit, its range"


def test_every_group_is_in_the_reference() -> None:
    groups = {str(path.parent.relative_to(CONF)) for path in FILES} - {"."}
    assert groups == set(GROUPS)


def test_every_file_and_key_is_in_the_reference() -> None:
    page = write_page(CONF)
    for path in FILES:
        option = read_option(path)
        assert f"`{option.path.stem}`" in page or path.parent == CONF
        for key in option.keys:
            assert f"| `{key.name}` | " in page


def test_comments_are_shown_as_they_stand(tmp_path: Path) -> None:
    comment = "of <run id>, `a*b`, NAME_*_x.json, [a,b] or a|b"
    (tmp_path / "model").mkdir()
    for name_ in ("train", "extract", "compare", "report", "model/lstm"):
        (tmp_path / f"{name_}.yaml").write_text(f"# About it.\nkey: a|b # {comment}\n")
    shown = r"of \<run id>, `a*b`, NAME\_\*\_x.json, \[a,b] or a\|b"
    assert write_page(tmp_path).count(f"| `key` | `a\\|b` | {shown} |") == 5


def test_comments_beside_and_above_keys_are_read(tmp_path: Path) -> None:
    file = tmp_path / "option.yaml"
    file.write_text(
        "# What the file is for,\n# in two lines.\ndefaults:\n  - common@_here_: keypoints\n  - _self_\n\n"
        "_target_: torch.optim.Adam\nlr: 1.0e-3 # learning rate\n"
        "# above, # with a sign\nbetas: [0.9, 0.999]\nsilent: 1\n"
        'table: # of things\n  text: "a # b" # quoted\n'
    )
    option = read_option(file)
    assert (option.about, option.builds) == ("What the file is for, in two lines.", "torch.optim.Adam")
    assert option.bases == ("common/keypoints",)
    assert [(key.name, key.value, key.comment) for key in option.keys] == [
        ("lr", "1.0e-3", "learning rate"),
        ("betas", "[0.9, 0.999]", "above, # with a sign"),
        ("silent", "1", ""),
        ("table", "", "of things"),
        ("table.text", '"a # b"', "quoted"),
    ]
