"""The pages that people read, and what builds the site from them."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
AT_THE_TOP = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES = [*AT_THE_TOP, *sorted(DOCS.glob("*.md"))]
BLOCK = re.compile(r"^```(?:sh)?(?: title=\"[^\"]+\")?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)

NOTEBOOK = DOCS / "notebooks/simulated_people.ipynb"
LINK = re.compile(r"\]\((?P<target>[^)#:\s]+)(?:#[^)]*)?\)")


def name(path: Path) -> str:
    """Name a page by its path in the repository."""
    return str(path.relative_to(ROOT))


def code_cells() -> list[str]:
    """Read the notebook's code, cell by cell."""
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
