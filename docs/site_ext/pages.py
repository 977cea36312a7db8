"""What the site needs beside Sphinx: generated pages, titles of listings, and docstrings that are plain text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from docs.site_ext.keys import write_page

_TITLE = re.compile(r'^```(?P<language>\w+) title="(?P<title>[^"]+)"$', re.MULTILINE)
_MARKUP = re.compile(r"[*|]|_(?=\W|$)")
_CODE = re.compile(r"(``.+?``|`[^`]+`)")


def write_generated(app: Sphinx) -> None:
    """Write what pages include and is made of other files: the reference of conf/, and the notebook."""
    docs = Path(app.srcdir)
    _write(docs / "reference/keys.inc", write_page(docs.parent / "conf"))
    for notebook in sorted((docs / "notebooks").glob("*.ipynb")):
        _write(docs / "reference" / f"{notebook.stem}.inc", notebook_page(notebook))


def _write(path: Path, text: str) -> None:
    """Write a file, but only if it changes, so that Sphinx does not read it again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def notebook_page(path: Path) -> str:
    """Write a notebook's cells as Markdown."""
    cells = json.loads(path.read_text())["cells"]
    return "\n\n".join(_cell(cell["cell_type"], "".join(cell["source"])) for cell in cells) + "\n"


def _cell(kind: str, source: str) -> str:
    return f"```python\n{source}\n```" if kind == "code" else source


def show_titles(*arguments: Any) -> None:
    """Show the file name over a listing that has one; Sphinx hands over the page's text last, in a list."""
    source: list[str] = arguments[-1]
    source[0] = with_titles(source[0])


def with_titles(text: str) -> str:
    """Turn a fence with a title into one with a caption, as MyST reads it."""
    return _TITLE.sub(r"```{code-block} \g<language>\n:caption: \g<title>\n", text)


def escape_docstring(*arguments: Any) -> None:
    """Escape what reStructuredText would take for markup: docstrings here are plain text, with code in backticks.

    Sphinx hands over the docstring's lines last, to be changed in place.
    """
    lines: list[str] = arguments[-1]
    in_doctest = False
    for number, line in enumerate(lines):
        in_doctest = bool(line.strip()) and (in_doctest or line.lstrip().startswith(">>>"))
        if not in_doctest:
            lines[number] = _escaped(line)


def _escaped(line: str) -> str:
    parts = _CODE.split(line)  # every other one is code
    parts[::2] = [_MARKUP.sub(r"\\\g<0>", part) for part in parts[::2]]
    return "".join(parts)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect all of it to the build."""
    app.connect("builder-inited", write_generated, priority=100)
    app.connect("source-read", show_titles)
    app.connect("include-read", show_titles)
    app.connect("autodoc-process-docstring", escape_docstring, priority=100)
    return {"parallel_read_safe": True}
