"""Immutable columns, one per attribute and type of value, that answer a condition for all rows at once.

Every method takes `rows`, the number of rows of the table, and returns a fresh bool (rows,).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias

import numpy as np
from numpy.typing import NDArray

from retrieval.filters.ast import Ordering
from retrieval.filters.dictionary import CodeArray, Term, Terms
from retrieval.filters.oracle import COMPARE
from retrieval.types import BoolArray

RowArray = NDArray[np.int32]
NumberArray = NDArray[np.float64]

_FEW_CODES = 8
_FEW_NUMBERS = 128


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """The rows that have a value: `rows` int32 (count,), ascending, or None for rows 0..count-1."""

    count: int
    rows: RowArray | None

    def spread(self, found: BoolArray | bool, rows: int) -> BoolArray:
        """From bool (count,) over values to bool (rows,) over rows, False where there is no value."""
        if self.rows is None and self.count == rows and not isinstance(found, bool):
            return found
        mask = np.zeros(rows, dtype=np.bool_)
        mask[slice(self.count) if self.rows is None else self.rows] = found
        return mask

    def of(self, chosen: BoolArray) -> BoolArray:
        """From bool (rows,) over rows to bool (count,) over values."""
        return chosen[: self.count] if self.rows is None else chosen[self.rows]


@dataclass(frozen=True, slots=True, eq=False)
class NumberColumn:
    """Numbers that a float64 holds exactly."""

    places: Places
    values: NumberArray

    def among(self, wanted: Sequence[float], rows: int) -> BoolArray:
        """Rows whose number equals one of `wanted`."""
        exact = [float(number) for number in wanted if is_exact(number)]
        if len(exact) > _FEW_NUMBERS:
            return self.places.spread(_in_sorted(self.values, np.unique(exact)), rows)
        return self.places.spread(_equal_to_any(self.values, exact), rows)

    def ordered(self, sign: Ordering, bound: float, rows: int) -> BoolArray:
        """Rows whose number is < (<=, >, >=) `bound`."""
        if is_exact(bound):
            return self.places.spread(COMPARE[sign](self.values, float(bound)), rows)
        below, above = _neighbours(bound)
        found = self.values <= below if sign in ("<", "<=") else self.values >= above
        return self.places.spread(found, rows)


@dataclass(frozen=True, slots=True, eq=False)
class CodedColumn(Generic[Term]):
    """One dictionary code a value: strings, or integers that a float64 cannot hold."""

    places: Places
    codes: CodeArray
    terms: Terms[Term]

    def among(self, wanted: Sequence[Term], rows: int) -> BoolArray:
        """Rows whose value equals one of `wanted`."""
        codes = self.terms.among(wanted)
        return self.places.spread(_coded_among(self.codes, codes, self.terms.size), rows)

    def ordered(self, sign: Ordering, bound: Term | float, rows: int) -> BoolArray:
        """Rows whose value is < (<=, >, >=) `bound`."""
        return self.places.spread(self.terms.ordered(sign, bound).take(self.codes), rows)

    def containing(self, part: Term, rows: int) -> BoolArray:
        """Rows whose string has `part` in it."""
        return self.places.spread(self.terms.containing(part).take(self.codes), rows)


@dataclass(frozen=True, slots=True, eq=False)
class FlagColumn:
    """True or false."""

    places: Places
    values: BoolArray

    def among(self, wanted: Sequence[bool], rows: int) -> BoolArray:
        """Rows whose flag equals one of `wanted`."""
        return self.places.spread(_equal_to_any(self.values, sorted(set(wanted))), rows)


@dataclass(frozen=True, slots=True, eq=False)
class ListColumn:
    """Lists of strings: `codes` int32 (elements,), and the row that each element stands in, `owners` int32 (elements,).

    `places` are the rows that have a list, be it empty. A condition holds for a list when it holds for an element.
    """

    places: Places
    owners: RowArray
    codes: CodeArray
    terms: Terms[str]

    def among(self, wanted: Sequence[str], rows: int) -> BoolArray:
        """Rows whose list has an element equal to one of `wanted`."""
        codes = self.terms.among(wanted)
        return self._owning(_coded_among(self.codes, codes, self.terms.size), rows)

    def ordered(self, sign: Ordering, bound: str, rows: int) -> BoolArray:
        """Rows whose list has an element < (<=, >, >=) `bound`."""
        return self._owning(self.terms.ordered(sign, bound).take(self.codes), rows)

    def _owning(self, found: BoolArray, rows: int) -> BoolArray:
        mask = np.zeros(rows, dtype=np.bool_)
        mask[self.owners[found]] = True
        return mask


Column: TypeAlias = NumberColumn | CodedColumn[int] | CodedColumn[str] | FlagColumn | ListColumn


def is_exact(number: int | float) -> bool:
    """Whether a float64 holds this int or float exactly."""
    try:
        return isinstance(number, float) or float(number) == number
    except OverflowError:
        return False


def _neighbours(number: float) -> tuple[float, float]:
    """The largest float64 below and the smallest above an integer that lies between two of them."""
    try:
        near = float(number)
    except OverflowError:
        return (sys.float_info.max, np.inf) if number > 0 else (-np.inf, -sys.float_info.max)
    return (near, float(np.nextafter(near, np.inf))) if near < number else (float(np.nextafter(near, -np.inf)), near)


def _equal_to_any(values: NDArray[np.generic], wanted: Sequence[float]) -> BoolArray:
    found = np.zeros(len(values), dtype=np.bool_)
    for value in wanted:
        found |= values == value
    return found


def _in_sorted(values: NumberArray, wanted: NumberArray) -> BoolArray:
    nearest = wanted.take(np.searchsorted(wanted, values), mode="clip")
    found: BoolArray = nearest == values
    return found


def _coded_among(codes: CodeArray, wanted: Sequence[int], size: int) -> BoolArray:
    if len(wanted) <= _FEW_CODES:
        return _equal_to_any(codes, wanted)
    table = np.zeros(size, dtype=np.bool_)
    table[wanted] = True
    return table.take(codes)
