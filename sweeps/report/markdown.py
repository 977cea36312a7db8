"""A document as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from sweeps.report.document import Block, Bullets, Document, Heading, Picture, Table, Text


def to_markdown(document: Document) -> str:
    """Return the document as Markdown, its pictures as links to the files beside it."""
    parts = [f"# {document.title}", document.subtitle, *(_block(block) for block in document.blocks)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(text):
            return f"## {text}"
        case Text(text):
            return text
        case Bullets(items):
            return "\n".join(f"- {item}" for item in items)
        case Table():
            return _table(block)
        case Picture(name, _, caption):
            return f"![{_plain(caption)}]({name}.png)\n\n*{caption}*"


def _table(table: Table) -> str:
    rule = [("---" if index < table.labels else "---:") for index in range(len(table.columns))]
    rows = [_row(table.columns), _row(rule), *(_row(row) for row in table.rows)]
    return "\n".join(rows) + (f"\n\n*{table.caption}*" if table.caption else "")


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def _plain(text: str) -> str:
    return text.replace("**", "").replace("`", "").replace("[", "(").replace("]", ")")
