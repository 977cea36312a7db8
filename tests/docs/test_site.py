"""The site is built strictly, and shows without a network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.site_ext.pages import escape_docstring, notebook_page, with_titles
from tests.docs.pages import DOCS, NOTEBOOK, ROOT

LOADED = re.compile(r'<(?:script|img|source|iframe)[^>]* src="([^"]+)"|<link[^>]* href="([^"]+)"')


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    options = ["--builder", "html", "--fail-on-warning", "--keep-going", "--quiet"]
    # Addresses that lead nowhere: a build that asked a network would say so.
    nowhere = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, DOCS, folder],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **nowhere},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_every_page_is_built(site: Path) -> None:
    for page in DOCS.glob("*.md"):
        assert (site / page.with_suffix(".html").name).is_file()
    text = (site / "keys.html").read_text()
    assert "num_layers" in text
    assert "LSTM layers on top of each other" in text


@pytest.mark.slow
def test_nothing_is_loaded_from_a_network(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = ["".join(found) for found in LOADED.findall(page.read_text())]
        assert loaded
        assert not [address for address in loaded if "//" in address], page


@pytest.mark.slow
def test_drawings_and_pictures_are_in_it(site: Path) -> None:
    shown = re.findall(r'src="(_images/[^"]+)"', (site / "architecture.html").read_text())
    assert {Path(path).name for path in shown} >= {"rooms.svg", "clip.svg", "job.svg"}
    assert all((site / path).is_file() for path in shown)


@pytest.mark.slow
def test_the_libraries_are_in_the_reference(site: Path) -> None:
    for package, member in (
        ("pose", "pose.clip.Clip"),
        ("datamodules", "datamodules.windows.Windows"),
        ("lightning_modules", "lightning_modules.recognizer.Recognizer"),
    ):
        assert f'id="{member}"' in (site / f"reference/{package}/{package}.html").read_text()


def test_a_listing_shows_its_file_name() -> None:
    assert (
        with_titles('```yaml title="conf/a.yaml"\nlr: 1\n```\n')
        == "```{code-block} yaml\n:caption: conf/a.yaml\n\nlr: 1\n```\n"
    )


def test_a_docstring_is_plain_text_with_code() -> None:
    lines = ["Of **options, a|b and name_ but `a*b`.", ">>> 2 * 3", "6*", "", "3 * 4"]
    escape_docstring(None, "function", "name", None, None, lines)
    assert lines == [r"Of \*\*options, a\|b and name\_ but `a*b`.", ">>> 2 * 3", "6*", "", r"3 \* 4"]


def test_a_notebook_becomes_a_page() -> None:
    page = notebook_page(NOTEBOOK)
    assert page.startswith("# From simulated people to a recognizer")
    assert page.count("```python\n") == page.count("\n```\n") == 5
