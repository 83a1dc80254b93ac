"""What the documents of a set have for an attribute, counted: values of a filter panel and how often they occur."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ENTRY_BYTES = 200
"""About what a counted value or bin takes in memory, its text left aside."""


@dataclass(frozen=True, slots=True)
class ValueCount:
    """How many documents have a value: a string, true or false, or an element of a list."""

    value: str | bool
    count: int


@dataclass(frozen=True, slots=True)
class Bin:
    """How many documents have a value from `low` up to but not including `high`."""

    low: float | str
    high: float | str
    count: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """The extent of numbers, or of dates as they are written, and their distribution over bins with round edges."""

    min: float | str
    max: float | str
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Facet:
    """One attribute over a set of documents.

    Attributes:
        attribute: its name.
        documents: how many documents of the set have a value.
        kinds: the same by type of value: `number`, `string`, `boolean`, `list`.
        values: strings, truth values and elements of lists, the most frequent first; as many as were asked for.
        distinct: how many different ones there are, listed or not.
        numbers: of finite numbers; integers that a float64 cannot hold are rounded.
        dates: of strings where all that the collection has for the attribute begin with a day, as `2026-01-05`; these
            strings are not among the `values`.
    """

    attribute: str
    documents: int
    kinds: Mapping[str, int]
    values: tuple[ValueCount, ...] = ()
    distinct: int = 0
    numbers: Histogram | None = None
    dates: Histogram | None = None

    @property
    def type(self) -> str:
        """The one type of its values: `number`, `date`, `string`, `boolean` or `list`; else `mixed`, or `none`."""
        if len(self.kinds) != 1:
            return "mixed" if self.kinds else "none"
        (kind,) = self.kinds
        return "date" if kind == "string" and self.dates else kind

    @property
    def nbytes(self) -> int:
        """Bytes held, about."""
        texts = sum(4 * len(one.value) for one in self.values if isinstance(one.value, str))
        bins = sum(len(histogram.bins) for histogram in (self.numbers, self.dates) if histogram)
        return texts + ENTRY_BYTES * (1 + len(self.values) + bins)
