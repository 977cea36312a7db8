"""A document of headings, texts, tables and pictures, before it is HTML or Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Heading:
    """The heading of a section."""

    text: str


@dataclass(frozen=True)
class Text:
    """A paragraph; `**bold**` and `` `code` `` are the only markup."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: Sequence[str]


@dataclass(frozen=True)
class Table:
    """A table, the first columns of which are words, the others numbers.

    Attributes:
        columns: headers.
        rows: cells, as many as headers.
        labels: number of columns of words, which are set to the left.
        caption: what it shows.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    labels: int = 1
    caption: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure: `name`.png beside the page, and in the page itself.

    Attributes:
        name: of the file, without its ending.
        png: content.
        caption: what it shows.
    """

    name: str
    png: bytes
    caption: str


Block = Heading | Text | Bullets | Table | Picture


@dataclass(frozen=True)
class Document:
    """All blocks of a document, in order."""

    title: str
    subtitle: str
    blocks: Sequence[Block]

    @property
    def pictures(self) -> list[Picture]:
        """The figures."""
        return [block for block in self.blocks if isinstance(block, Picture)]
