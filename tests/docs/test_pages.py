"""The pages name what is there, and are short enough to be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.site_ext.drawings import IMAGES, drawings, paths_drawn
from tests.docs.pages import DOCS, LINK, PAGES, ROOT, name

IN_CODE = re.compile(r"`((?:pose|datamodules|lightning_modules|sweeps|hydra_plugins|conf|tests|docs)/[\w./]*|\w+\.py)`")
GONE = {"lightning_modules/lean_loop.py"}  # named by the changelog
SHOWN = set(re.findall(r'title="([^"]+)"', (ROOT / "CONTRIBUTING.md").read_text()))  # written by who follows it
LONGEST = 125  # lines


def test_the_readme_is_a_page() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 100


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=name)
def test_a_page_is_short(page: Path) -> None:
    assert len(page.read_text().splitlines()) <= LONGEST


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = {(page.parent / link["target"]).resolve() for link in LINK.finditer(page.read_text())}
    assert not [target for target in targets if not target.exists()]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_paths_in_code_are_there(page: Path) -> None:
    named = set(IN_CODE.findall(page.read_text())) - GONE - SHOWN
    groups = {path for path in named if (ROOT / "conf" / path).is_dir()}
    assert not [path for path in sorted(named - groups) if not (ROOT / path).exists()]


def test_paths_in_drawings_are_there() -> None:
    assert not [path for path in sorted(paths_drawn()) if not (ROOT / path).exists()]


@pytest.mark.parametrize(("file", "drawing"), drawings().items(), ids=list(drawings()))
def test_a_drawing_is_as_its_script_draws_it(file: str, drawing: str) -> None:
    assert (IMAGES / file).read_text() == drawing, "type: python docs/site_ext/drawings.py"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("window is cut", "datamodules/windows.py"),
        ("key's range", "datamodules/limits.py"),
        ("started on Slurm", "sweeps/launch/slurm/driver.py"),
        ("verdict", "sweeps/statistics/verdict.py"),
        ("MLflow write waits", "sweeps/tracking/outbox.py"),
    ],
)
def test_a_newcomer_is_led_to_the_place_at_once(question: str, answer: str) -> None:
    rows = [line for line in (DOCS / "architecture.md").read_text().splitlines() if question in line]
    assert len(rows) == 1
    assert answer in rows[0]
