"""Rows of a CSV or TSV file."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from indexer.sources.cells import Parser, column_parsers
from indexer.sources.lines import place_of, utf8_lines
from indexer.sources.rows import Row
from retrieval.errors import SourceError


def read_csv(path: Path, *, delimiter: str, required: Collection[str], is_text: Callable[[str], bool]) -> Iterator[Row]:
    """Every row below the header line; blank lines are skipped.

    Columns that `is_text` names stay text, empty cells included; the others are typed (`cells`) and their blank cells
    left out. A nameless column, which data frames write for their index, is left out too. Raises `SourceError` naming
    the line: a column missing or given twice, a row with too few or too many cells, an open quote.
    """
    header = _checked_header(path, delimiter, required)
    typed = [name for name in header if name and not is_text(name)]
    parsers = column_parsers(typed, (cells for _, cells in _rows(path, delimiter, header)))
    for line, cells in _rows(path, delimiter, header):
        yield Row(line, _fields(cells, parsers, place_of(path, line)))


def _fields(cells: Sequence[tuple[str, str]], parsers: Mapping[str, Parser], place: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    try:
        for name, cell in cells:
            if name not in parsers:
                fields[name] = cell
            elif cell.strip():
                fields[name] = parsers[name](cell)
    except ValueError as error:
        raise SourceError(f"{place}: changed while it was being read; run again") from error
    return fields


def _checked_header(path: Path, delimiter: str, required: Collection[str]) -> list[str]:
    _, header = next(read_cells(path, delimiter), (1, []))
    if not header:
        raise SourceError(f"{path}: empty; write a header line with the names of the columns")
    missing = [name for name in required if name not in header]
    if missing:
        remedy = "name the column to use"
        if len(header) == 1:
            remedy = "separate columns with commas in .csv and tabs in .tsv files"
        columns = ", ".join(map(repr, header))
        raise SourceError(f"{place_of(path, 1)}: no column {missing[0]!r} among {columns}; {remedy}")
    twice = [name for name, count in Counter(filter(None, header)).items() if count > 1]
    if twice:
        raise SourceError(f"{place_of(path, 1)}: two columns are called {twice[0]!r}; rename one")
    return header


def _rows(path: Path, delimiter: str, header: Sequence[str]) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Below the header: the line of each row and its (column, cell) pairs, without those of nameless columns."""
    lines = read_cells(path, delimiter)
    next(lines)
    for line, cells in lines:
        if len(cells) != len(header):
            remedy = f"quote cells that contain {delimiter!r}" if len(cells) > len(header) else "complete the row"
            message = f"{place_of(path, line)}: {len(cells)} columns where the header has {len(header)}; {remedy}"
            raise SourceError(message)
        yield line, [pair for pair in zip(header, cells, strict=True) if pair[0]]


def read_cells(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of every row that is not blank, the header included, with the line that it starts on."""
    reader = csv.reader(utf8_lines(path), delimiter=delimiter, strict=True)
    start = 1
    try:
        for cells in reader:
            if cells:
                yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise SourceError(f"{place_of(path, start)}: not valid CSV ({error}); check its quotes") from error
