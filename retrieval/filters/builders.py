"""The writing side of the columns. One writer; what `freeze` returns is constant while the builder grows on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Generic

import numpy as np

from retrieval.filters.columns import (
    CodedColumn,
    FlagColumn,
    ListColumn,
    NumberArray,
    NumberColumn,
    Places,
    RowArray,
)
from retrieval.filters.dictionary import Dictionary, Term, TextDictionary
from retrieval.filters.growing import Growing


class PlacesBuilder:
    """Rows that have a value; nothing is stored as long as these are the first ones without a gap."""

    def __init__(self) -> None:
        self._count = 0
        self._rows: Growing[np.int32] | None = None

    def extend(self, rows: RowArray) -> None:
        """Append rows, ascending and beyond those appended before."""
        gap = len(rows) > 0 and int(rows[-1]) != self._count + len(rows) - 1
        if gap and self._rows is None:
            self._rows = Growing(np.int32)
            self._rows.extend(np.arange(self._count, dtype=np.int32))
        if self._rows is not None:
            self._rows.extend(rows)
        self._count += len(rows)

    def freeze(self) -> Places:
        """The rows as they are now."""
        return Places(self._count, None if self._rows is None else self._rows.view())

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return 0 if self._rows is None else self._rows.nbytes


class NumberBuilder:
    """Builds a `NumberColumn`."""

    def __init__(self) -> None:
        self._places = PlacesBuilder()
        self._values = Growing(np.float64)

    def extend(self, rows: RowArray, values: NumberArray) -> None:
        """Append the values of `rows`."""
        self._places.extend(rows)
        self._values.extend(values)

    def freeze(self) -> NumberColumn:
        """The column as it is now."""
        return NumberColumn(self._places.freeze(), self._values.view())

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._places.nbytes + self._values.nbytes


class FlagBuilder:
    """Builds a `FlagColumn`."""

    def __init__(self) -> None:
        self._places = PlacesBuilder()
        self._values = Growing(np.bool_)

    def extend(self, rows: RowArray, values: Sequence[bool]) -> None:
        """Append the values of `rows`."""
        self._places.extend(rows)
        self._values.extend(np.array(values, dtype=np.bool_))

    def freeze(self) -> FlagColumn:
        """The column as it is now."""
        return FlagColumn(self._places.freeze(), self._values.view())

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._places.nbytes + self._values.nbytes


class CodedBuilder(Generic[Term]):
    """Builds a `CodedColumn` over a dictionary of its own."""

    def __init__(self, dictionary: Dictionary[Term]) -> None:
        self._places = PlacesBuilder()
        self._codes = Growing(np.int32)
        self._dictionary: Dictionary[Term] = dictionary

    def extend(self, rows: RowArray, values: Sequence[Term]) -> None:
        """Append the values of `rows`."""
        self._places.extend(rows)
        self._codes.extend(self._dictionary.encode(values))

    def freeze(self) -> CodedColumn[Term]:
        """The column as it is now."""
        return CodedColumn(self._places.freeze(), self._codes.view(), self._dictionary.snapshot())

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._places.nbytes + self._codes.nbytes + self._dictionary.nbytes


class ListBuilder:
    """Builds a `ListColumn`."""

    def __init__(self) -> None:
        self._places = PlacesBuilder()
        self._owners = Growing(np.int32)
        self._codes = Growing(np.int32)
        self._dictionary = TextDictionary()

    def extend(self, rows: RowArray, values: Sequence[Sequence[str]]) -> None:
        """Append the lists of `rows`."""
        self._places.extend(rows)
        lengths = np.fromiter(map(len, values), dtype=np.int64, count=len(values))
        self._owners.extend(np.repeat(rows, lengths))
        self._codes.extend(self._dictionary.encode(list(chain.from_iterable(values))))

    def freeze(self) -> ListColumn:
        """The column as it is now."""
        return ListColumn(self._places.freeze(), self._owners.view(), self._codes.view(), self._dictionary.snapshot())

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self._places.nbytes + self._owners.nbytes + self._codes.nbytes + self._dictionary.nbytes
