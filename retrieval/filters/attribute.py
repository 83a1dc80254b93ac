"""One attribute over all rows: a column for each type of value that it has, asked together.

Methods that answer for all rows take their number, `rows`, and return a fresh bool (rows,).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from retrieval.filters.ast import Flag, Number, Ordering, Text, Value
from retrieval.filters.columns import CodedColumn, Column, FlagColumn, ListColumn, NumberColumn
from retrieval.types import BoolArray

ValueKind: TypeAlias = Literal["number", "string", "boolean", "list"]
"""The types of an attribute's values; a list is one of strings."""


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """The columns of one attribute; a row has a value in at most one of them.

    `numbers` holds what a float64 represents exactly, `integers` the other integers (they lie beyond 2**53).
    """

    numbers: NumberColumn | None = None
    integers: CodedColumn[int] | None = None
    strings: CodedColumn[str] | None = None
    flags: FlagColumn | None = None
    lists: ListColumn | None = None

    def counts(self) -> Mapping[ValueKind, int]:
        """How many rows have a value of each kind; kinds that do not occur are left out."""
        counts: dict[ValueKind, int] = {
            "number": _count(self.numbers) + _count(self.integers),
            "string": _count(self.strings),
            "boolean": _count(self.flags),
            "list": _count(self.lists),
        }
        return {kind: count for kind, count in counts.items() if count}

    def present(self, rows: int) -> BoolArray:
        """Rows that have a value."""
        columns = (self.numbers, self.integers, self.strings, self.flags, self.lists)
        return union((column.places.spread(True, rows) for column in columns if column), rows)

    def among(self, wanted: Sequence[Value], rows: int) -> BoolArray:
        """Rows whose value, or an element of it, equals one of `wanted`."""
        numbers = [value.value for value in wanted if isinstance(value, Number)]
        texts = [value.value for value in wanted if isinstance(value, Text)]
        flags = [value.value for value in wanted if isinstance(value, Flag)]
        found = []
        if numbers and self.numbers:
            found.append(self.numbers.among(numbers, rows))
        if numbers and self.integers:
            found.append(self.integers.among([number for number in numbers if isinstance(number, int)], rows))
        if texts and self.strings:
            found.append(self.strings.among(texts, rows))
        if texts and self.lists:
            found.append(self.lists.among(texts, rows))
        if flags and self.flags:
            found.append(self.flags.among(flags, rows))
        return union(found, rows)

    def ordered(self, sign: Ordering, bound: Value, rows: int) -> BoolArray:
        """Rows whose value, or an element of it, is < (<=, >, >=) `bound`."""
        match bound:
            case Number(number):
                columns = (self.numbers, self.integers)
                return union((column.ordered(sign, number, rows) for column in columns if column), rows)
            case Text(text):
                texts = (self.strings, self.lists)
                return union((column.ordered(sign, text, rows) for column in texts if column), rows)
            case Flag():
                return union((), rows)

    def containing(self, part: str, rows: int) -> BoolArray:
        """Rows whose string has `part` in it, or whose list has it as an element."""
        found = []
        if self.strings:
            found.append(self.strings.containing(part, rows))
        if self.lists:
            found.append(self.lists.among([part], rows))
        return union(found, rows)


def union(masks: Iterable[BoolArray], rows: int) -> BoolArray:
    """Rows that are in any of the masks; the first one is overwritten."""
    whole: BoolArray | None = None
    for mask in masks:
        whole = mask if whole is None else np.logical_or(whole, mask, out=whole)
    return np.zeros(rows, dtype=np.bool_) if whole is None else whole


def _count(column: Column | None) -> int:
    return column.places.count if column else 0
