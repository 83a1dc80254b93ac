"""Tables on a terminal. Imported only by commands that print some."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Column, Table
from rich.text import Text


def plain_table(columns: Iterable[Column | str], rows: Iterable[Iterable[str]]) -> Table:
    """A table without lines. Cells are shown as they are: brackets in a caption or an id are no markup."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def numbers(name: str) -> Column:
    """A column of numbers."""
    return Column(name, justify="right", no_wrap=True)
