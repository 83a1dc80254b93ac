"""From columns to a facet: what the chosen rows of some snapshots have for one attribute, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from heapq import nsmallest

import numpy as np

from retrieval.facets import Facet, ValueCount
from retrieval.filters.attribute import Attribute, ValueKind
from retrieval.filters.columns import CodedColumn, Column, FlagColumn, ListColumn, NumberArray
from retrieval.filters.dictionary import Terms
from retrieval.filters.histogram import CountArray, DayArray, day_histogram, number_histogram
from retrieval.types import BoolArray

DAY = len("2026-01-05")
NO_DAY = np.datetime64("NaT", "D")


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """An attribute of one snapshot, bool (rows,) for the rows to count, and the `days_of` its strings."""

    attribute: Attribute
    rows: BoolArray
    days: DayArray


def days_of(attribute: Attribute) -> DayArray:
    """The day that each of its distinct strings begins with, datetime64[D] (terms,); NaT for any other string."""
    terms = attribute.strings.terms if attribute.strings else None
    days = [_day(terms.values[code]) for code in range(terms.size)] if terms else []
    return np.array(days, "datetime64[D]")


def holds_days(parts: Sequence[Chosen]) -> bool:
    """Whether the chosen rows have strings, all of which begin with a day."""
    days = [part.days[_counts(part.attribute.strings, part.rows) > 0] for part in parts if part.attribute.strings]
    return any(map(len, days)) and not any(np.isnat(of).any() for of in days)


def count(name: str, parts: Sequence[Chosen], *, most: int, dates: bool) -> Facet:
    """The facet of an attribute, with the `most` frequent values, ties in the order of the values.

    With `dates` the strings, which all begin with a day, are put into a histogram.
    """
    kinds: Counter[str] = Counter()
    values: Counter[str | bool] = Counter()
    for part in parts:
        kinds.update(_kinds(part))
        for counted in _values(part, strings=not dates):
            values.update(counted)
    frequent = nsmallest(most, values.items(), key=lambda one: (-one[1], str(one[0])))
    return Facet(
        name,
        documents=kinds.total(),
        kinds=dict(kinds),
        values=tuple(ValueCount(*one) for one in frequent),
        distinct=len(values),
        numbers=number_histogram(np.concatenate([np.empty(0), *(one for part in parts for one in _numbers(part))])),
        dates=day_histogram(*_dates(parts)) if dates else None,
    )


def _kinds(part: Chosen) -> dict[str, int]:
    """How many rows have a value of each kind."""
    of = part.attribute
    columns: Mapping[ValueKind, tuple[Column | None, ...]] = {
        "number": (of.numbers, of.integers),
        "string": (of.strings,),
        "boolean": (of.flags,),
        "list": (of.lists,),
    }
    counted = {kind: sum(_present(one, part.rows) for one in some if one) for kind, some in columns.items()}
    return {kind: number for kind, number in counted.items() if number}


def _present(column: Column, rows: BoolArray) -> int:
    return int(np.count_nonzero(column.places.of(rows)))


def _values(part: Chosen, *, strings: bool) -> Iterator[Mapping[str, int] | Mapping[bool, int]]:
    of = part.attribute
    if of.strings and strings:
        yield _by_term(of.strings.terms, _counts(of.strings, part.rows))
    if of.lists:
        yield _by_term(of.lists.terms, _owners(of.lists, part.rows))
    if of.flags:
        yield _flags(of.flags, part.rows)


def _by_term(terms: Terms[str], counts: CountArray) -> dict[str, int]:
    there = np.flatnonzero(counts)
    return {terms.values[code]: number for code, number in zip(there.tolist(), counts[there].tolist(), strict=True)}


def _flags(column: FlagColumn, rows: BoolArray) -> dict[bool, int]:
    values = column.values[column.places.of(rows)]
    return {flag: number for flag in (False, True) if (number := int(np.count_nonzero(values == flag)))}


def _counts(column: CodedColumn[str], rows: BoolArray) -> CountArray:
    """How many of the rows have each term, int64 (terms,)."""
    return np.bincount(column.codes[column.places.of(rows)], minlength=column.terms.size)


def _owners(column: ListColumn, rows: BoolArray) -> CountArray:
    """How many of the rows have each term in their list, once or more often, int64 (terms,)."""
    chosen, size = rows[column.owners], column.terms.size
    pairs = np.unique(column.owners[chosen].astype(np.int64) * size + column.codes[chosen])
    return np.bincount(pairs % max(size, 1), minlength=size)


def _numbers(part: Chosen) -> Iterator[NumberArray]:
    of = part.attribute
    if of.numbers:
        yield of.numbers.values[of.numbers.places.of(part.rows)]
    if of.integers:
        codes = of.integers.codes[of.integers.places.of(part.rows)]
        yield np.array([_as_float(of.integers.terms.values[code]) for code in codes.tolist()], np.float64)


def _dates(parts: Sequence[Chosen]) -> tuple[DayArray, CountArray, list[str]]:
    """Days, how often each is there, and one of them as written."""
    days, counts = [np.empty(0, "datetime64[D]")], [np.empty(0, np.int64)]
    texts: list[str] = []
    for part in parts:
        if part.attribute.strings:
            totals = _counts(part.attribute.strings, part.rows)
            there = np.flatnonzero(totals)
            days.append(part.days[there])
            counts.append(totals[there])
            texts.extend(part.attribute.strings.terms.values[code] for code in there.tolist())
    return np.concatenate(days), np.concatenate(counts), texts


def _day(text: str) -> np.datetime64 | date:
    """The day of `2026-01-05`, and of what goes on with a time after it."""
    if len(text) < DAY or text[4] != "-" or text[7] != "-" or text[DAY : DAY + 1] not in ("", "T", " "):
        return NO_DAY
    try:
        return date.fromisoformat(text[:DAY])
    except ValueError:
        return NO_DAY


def _as_float(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return np.inf
