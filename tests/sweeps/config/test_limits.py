"""What the rooms say about their arguments, and how the command line words it."""

from __future__ import annotations

import ast
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import compare
import extract
import report
import train
from sweeps.config.limits import NO_LIMITS, Limits

ROOT = Path(__file__).resolve().parents[3]
LIBRARIES = ("pose", "datamodules", "lightning_modules")
DOORS = {door.__name__: door.LIMITS for door in (train, extract, compare, report)}
GROUPS = "datamodule|model|loss|optimizer|scheduler|trainer"
OF_POSE = "fps|detect_every|people_per_batch|frames_per_batch|detector|estimator|nms|tracker"
# A key of a data set, a network, a trainer or pose, as it is typed.
KEY = re.compile(
    rf"(?<![\w/.`])(({GROUPS})\.(?!py\b|pt2\b)[a-z_]\w*|pose[./]({OF_POSE})|datamodule/split|pose/({OF_POSE}))\b"
    r"|(?<![\w.])(datamodule|pose)[./]$"
)
CODE = re.compile(r"`([A-Z]\w*\.)?([a-z_.]+)[^`]*`")


def texts_of(folder: str) -> Iterator[tuple[str, str]]:
    """Yield each string of a folder's modules, docstrings left out, with where it stands."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        tree = ast.parse(path.read_text())
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


@pytest.mark.parametrize("library", LIBRARIES)
def test_libraries_speak_of_arguments_and_never_of_keys(library: str):
    modules = {f"{path.parent.name}.{path.stem}" for room in LIBRARIES for path in (ROOT / room).iterdir()}
    texts = [(place, found[0]) for place, text in texts_of(library) for found in KEY.finditer(text)]
    keys = [(place, key) for place, key in texts if key not in modules]
    assert keys == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_argument_that_a_library_names_is_known_to_the_command_line(library: str):
    named = [(place, found[2]) for place, text in texts_of(library) for found in CODE.finditer(text)]
    named = [(place, name.rstrip(".")) for place, name in named if name != "srun"]  # `split.{key}`; a command of Slurm
    assert [one for one in named if not any(limits.keys_of(one[1]) for limits in DOORS.values())] == []


@pytest.mark.parametrize("part", ["config", "launch", "results", "runtime", "search", "statistics", "tracking"])
def test_the_machinery_knows_no_key_of_a_room(part: str):
    assert [(place, text) for place, text in texts_of(f"sweeps/{part}") if KEY.search(text)] == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("set `id_pattern` to a regex", "set datamodule.id_pattern to a regex"),
        ("set `split.val_fraction`=0", "set datamodule.split.val_fraction=0"),
        ("choose another `split`", "choose another datamodule/split"),
        ("type `actions={7: NAME}`", "type '+datamodule.actions={7: NAME}'"),
        ("type `label_names[6]=NAME`", "type +datamodule.label_names.6=NAME"),
        ("`PoseComponents.nms` is for coco17: set `nms.skeleton`=x", "pose.nms is for coco17: set pose.nms.skeleton=x"),
        ("type `nms`=none", "type pose/nms=none"),
        ("set cache (`estimator.cache`)", "set cache (pose.estimator.cache)"),
        ("lower `lr`, or set `gradient_clip_val`=1", "lower optimizer.lr, or set trainer.gradient_clip_val=1"),
        ("`precision`=x: type `precision`=32-true", "trainer.precision=x: type trainer.precision=32-true"),
        ("`accelerator`=gpu: type `trainer`=cpu", "trainer.accelerator=gpu: type trainer=cpu"),
        ("what `nobody` knows stays, as does `a file with blanks`", None),
    ],
)
def test_arguments_of_a_text_become_what_is_typed(text: str, line: str | None):
    assert train.LIMITS.in_keys(text) == (line or text)
    assert NO_LIMITS.in_keys(text) == text


def test_the_same_argument_stands_elsewhere_at_another_door():
    where = {name: limits.key_of("people_per_batch") for name, limits in DOORS.items()}
    assert where["train"] == where["extract"] == "pose.people_per_batch"
    assert where["compare"] == "people_per_batch"
    assert [DOORS[name].key_of("store") for name in ("train", "extract")] == ["datamodule.store", "store"]


def test_an_error_of_a_run_is_worded_in_keys_before_anything_keeps_it():
    with pytest.raises(ValueError, match=r"^lower optimizer\.lr$"), train.LIMITS.errors_in_keys((ValueError,)):
        raise ValueError("lower `lr`")


def test_limits_reach_another_process():
    import cloudpickle

    copy: Limits = pickle.loads(cloudpickle.dumps(train.LIMITS))
    assert copy.rules.keys() == train.LIMITS.rules.keys()


NAMES = {"ARGUMENTS", "UNUSED", "TRUE_ANYWAY", "SYNONYMS", "UNREACHABLE", "SEARCH_EXAMPLE", "NAMED_BY"}
NAMES |= {"NOT_IN_RESULT", "BEHIND_THE_DATA", "METRICS", "SEARCHED"}


@pytest.mark.parametrize(
    "room", [room for limits in DOORS.values() for room in limits.rooms.values()], ids=lambda room: room.__name__
)
def test_a_room_says_nothing_under_a_name_that_nobody_reads(room: ModuleType):
    assert {name for name in vars(room) if name.isupper() and name[0] != "_"} - {
        "ID_PATTERNS",
        "NOT_DIVIDED_BY",
    } <= NAMES  # read by train.py


@pytest.mark.parametrize("room", ["datamodules", "lightning_modules", "pose", "pose.extraction", "pose.evaluation"])
def test_limits_import_nothing_heavy(room: str):
    code = f"import sys, {room}.limits; print([n for n in ('torch', 'numpy', 'hydra', 'pydantic') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
