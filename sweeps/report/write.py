"""Write a page beside MLflow and into it; a file is written completely or not at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.report.document import Document
from sweeps.report.html import to_html
from sweeps.report.markdown import to_markdown
from sweeps.runtime.atomic import write_atomically

if TYPE_CHECKING:
    from sweeps.tracking.store import Store

ARTIFACTS = "report"  # folder of the parent's artifacts
HTML, MARKDOWN = "report.html", "report.md"


def report_folder(output_dir: Path, name: str) -> Path:
    """Return where the report of a sweep goes: a name may hold what a folder's may not."""
    return output_dir / "reports" / (re.sub(r"[^\w.=,-]+", "_", name).strip(".") or "_")


def write_report(page: Document, folder: Path) -> list[Path]:
    """Write HTML, Markdown and PNGs.

    Returns:
        The files, the HTML first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    contents = {f"{picture.name}.png": picture.png for picture in page.pictures}
    contents |= {MARKDOWN: to_markdown(page).encode(), HTML: to_html(page).encode()}
    for name, content in contents.items():  # the pages last: what they show is there by then
        write_atomically(folder / name, content, durable=True)
    return [folder / name for name in reversed(contents)]


def log_report(store: Store, parent_id: str, files: Sequence[Path]) -> None:
    """Keep the files with the sweep's parent run, in place of an earlier report."""
    for file in files:
        store.client.log_artifact(parent_id, str(file), ARTIFACTS)
