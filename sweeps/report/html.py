"""A document as one HTML file that needs no other."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Sequence

from sweeps.report.document import Block, Bullets, Document, Heading, Picture, Table, Text

_SHOWN_PER_PIXEL = 0.6  # so that letters in figures, drawn at 150 dpi, are as large as those beside them
_STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --soft: #666; --line: #d5d5d5; --stripe: #f6f6f4; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e4e2; --paper: #191919; --soft: #a0a0a0; --line: #3c3c3c; --stripe: #222; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 54rem; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.55 Charter, "Bitstream Charter", "Noto Serif", Georgia, serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0; }
.subtitle { color: var(--soft); margin: .4rem 0 2rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .6rem; padding-top: .7rem; border-top: 1px solid var(--ink); }
p, ul { margin: .6rem 0; max-width: 46rem; }
ul { padding-left: 1.2rem; } li { margin: .25rem 0; }
.wide { overflow-x: auto; margin: 1rem 0 1.4rem; }
table { border-collapse: collapse; width: 100%; font: .875rem/1.4 system-ui, "Segoe UI", Helvetica, Arial, sans-serif;
  font-variant-numeric: tabular-nums; }
th { font-weight: 600; vertical-align: bottom; border-bottom: 1px solid var(--ink); }
th, td { padding: .35rem .9rem .35rem 0; text-align: right; }
th.label, td.label { text-align: left; }
td { vertical-align: top; border-bottom: 1px solid var(--line); }
td strong, td:not(.label) { white-space: nowrap; }
th:last-child, td:last-child { padding-right: 0; }
caption, figcaption { caption-side: bottom; text-align: left; color: var(--soft); padding-top: .45rem;
  font: .8125rem/1.45 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
figure { margin: 1.2rem 0 1.8rem; } figure img { display: block; max-width: 100%; background: #fff; }
code { font-size: .88em; background: var(--stripe); padding: .05em .3em; overflow-wrap: anywhere; }
@media print { body { max-width: none; padding: 0; font-size: 10.5pt; } h2 { break-after: avoid; }
  figure, tr { break-inside: avoid; } }
"""


def to_html(document: Document) -> str:
    """Return the document as one HTML file, its pictures and its style inside: nothing is loaded from anywhere."""
    body = "\n".join(_block(block) for block in document.blocks)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(document.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<h1>{_inline(document.title)}</h1>\n<p class="subtitle">{_inline(document.subtitle)}</p>\n'
        f"{body}\n</body>\n</html>\n"
    )


def _block(block: Block) -> str:
    match block:
        case Heading(text):
            return f"<h2>{_inline(text)}</h2>"
        case Text(text):
            return f"<p>{_inline(text)}</p>"
        case Bullets(items):
            return "<ul>\n" + "\n".join(f"<li>{_inline(item)}</li>" for item in items) + "\n</ul>"
        case Table():
            return _table(block)
        case Picture(_, png, caption):
            data = base64.b64encode(png).decode()
            size = f'width="{round(_SHOWN_PER_PIXEL * _width(png))}"'
            image = f'<img {size} alt="{html.escape(caption)}" src="data:image/png;base64,{data}">'
            return f"<figure>{image}<figcaption>{_inline(caption)}</figcaption></figure>"


def _width(png: bytes) -> int:
    """Return the width of a PNG in pixels: the header's first number (PNG specification, 11.2.1)."""
    return int.from_bytes(png[16:20], "big")


def _table(table: Table) -> str:
    caption = f"<caption>{_inline(table.caption)}</caption>" if table.caption else ""
    head = f"<thead>{_row(table.columns, 'th', table.labels)}</thead>"
    body = "\n".join(_row(cells, "td", table.labels) for cells in table.rows)
    return f'<div class="wide"><table>{caption}{head}\n<tbody>\n{body}\n</tbody></table></div>'


def _row(cells: Sequence[str], tag: str, labels: int) -> str:
    marks = [' class="label"' if index < labels else "" for index in range(len(cells))]
    return (
        "<tr>" + "".join(f"<{tag}{m}>{_inline(cell)}</{tag}>" for m, cell in zip(marks, cells, strict=True)) + "</tr>"
    )


def _inline(text: str) -> str:
    escaped = html.escape(text, quote=False).replace(" %", "\u00a0%")  # no line begins with the sign
    escaped = re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped)
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escaped)
