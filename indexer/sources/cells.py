"""CSV cells as values: what a cell looks like, and the type that fits a whole column.

A column is bool where every cell is `true` or `false`, int or float where every cell is a number as JSON writes it
(so that 007 and +49 stay text), and text otherwise. One type a column keeps filters predictable: sizes 36, 38, M are
three texts. Blank cells are absent values of any type.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

Parser: TypeAlias = Callable[[str], bool | int | float | str]
"""Gives the cell's value, or raises `ValueError` where the cell is of another type."""

_BOOLEANS = {"true": True, "false": False}
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def parse_boolean(cell: str) -> bool:
    """`true` or `false` in any case."""
    value = _BOOLEANS.get(cell.strip().lower())
    if value is None:
        raise ValueError(cell)
    return value


def parse_integer(cell: str) -> int:
    """A whole number of 64 bits."""
    text = cell.strip()
    if not _INTEGER.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise ValueError(cell)
    return int(text)


def parse_real(cell: str) -> float:
    """A finite number."""
    text = cell.strip()
    if not _NUMBER.fullmatch(text) or math.isinf(float(text)):
        raise ValueError(cell)
    return float(text)


_NARROWEST_FIRST: tuple[Parser, ...] = (parse_boolean, parse_integer, parse_real)


def column_parsers(names: Iterable[str], rows: Iterable[Sequence[tuple[str, str]]]) -> Mapping[str, Parser]:
    """The narrowest parser that takes every cell of each named column; `rows` hold (column, cell) pairs."""
    candidates: dict[str, tuple[Parser, ...]] = dict.fromkeys(names, _NARROWEST_FIRST)
    for row in rows:
        for name, cell in row:
            if candidates.get(name) and cell.strip():
                candidates[name] = tuple(parser for parser in candidates[name] if _takes(parser, cell))
    return {name: parsers[0] if parsers else str for name, parsers in candidates.items()}


def _takes(parser: Parser, cell: str) -> bool:
    try:
        parser(cell)
    except ValueError:
        return False
    return True
