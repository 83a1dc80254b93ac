"""Histograms whose edges are round: 1, 2 or 5 times a power of ten; days, Mondays, months and years."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.facets import Bin, Histogram
from retrieval.filters.columns import NumberArray

MOST_BINS = 20
DAY_STEPS = (1, 7)
MONTH_STEPS = (1, 3, 12, 24, 60, 120, 240, 600, 1_200, 6_000)
FINEST = 1e-9
"""The smallest width of a bin beside the largest number: far narrower ones would have equal edges."""
TINIEST = 1e-290
MONDAY = 4
"""Days from 1970-01-01, a Thursday, to a Monday."""
LAST_DAY = np.datetime64("9999-12-31", "D")

DayArray = NDArray[np.datetime64]
CountArray = NDArray[np.int64]


def number_histogram(values: NumberArray) -> Histogram | None:
    """Of float64 (n,), those that are finite; None where none is."""
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    least, greatest = float(values.min()), float(values.max())
    edges = _number_edges(least, greatest, narrowest=0.0 if np.any(values % 1) else 1.0)
    counts = _counts(edges, values)
    shown = [_shown(edge) for edge in edges.tolist()]
    return Histogram(_shown(least), _shown(greatest), _bins(shown, counts))


def day_histogram(days: DayArray, counts: CountArray, texts: list[str]) -> Histogram | None:
    """Of datetime64[D] (n,), each `counts` times; None where there are none. `texts` are the dates as written."""
    if not len(days):
        return None
    least, greatest = days.min(), days.max()
    edges = _day_edges(least, greatest)
    first = min(texts[row] for row in np.flatnonzero(days == least).tolist())
    last = max(texts[row] for row in np.flatnonzero(days == greatest).tolist())
    shown = [str(edge) for edge in np.minimum(edges, LAST_DAY)]
    return Histogram(first, last, _bins(shown, _counts(edges, days, counts)))


def _number_edges(least: float, greatest: float, *, narrowest: float) -> NumberArray:
    largest = max(abs(least), abs(greatest))
    width = greatest / MOST_BINS - least / MOST_BINS  # the difference itself may be beyond float64
    width = max(width or 1.0, narrowest, FINEST * largest, TINIEST)
    for factor, exponent in _round_widths(width):
        step = factor * 10.0**exponent
        numbers = np.arange(math.floor(least / step) - 1, math.floor(greatest / step) + 3, dtype=np.float64) * factor
        with np.errstate(over="ignore"):
            # Divided, they are the float64 nearest to what is meant: 3 / 10 is 0.3, and 3 * 0.1 is not.
            edges = numbers / 10.0**-exponent if exponent < 0 else numbers * 10.0**exponent
        edges = _around(edges, least, greatest)
        if len(edges) <= MOST_BINS + 1:
            break
    limit = np.finfo(np.float64).max
    return edges.clip(-limit, limit)


def _round_widths(width: float) -> Iterator[tuple[int, int]]:
    """Factors and exponents of ten, those of the smallest round width that is not below `width` first."""
    exponent = math.floor(math.log10(width)) - 1
    while True:
        yield from ((factor, exponent) for factor in (1, 2, 5) if factor * 10.0**exponent >= width)
        exponent += 1


def _day_edges(least: np.datetime64, greatest: np.datetime64) -> DayArray:
    for step in DAY_STEPS:
        start, end = (int(day.astype(np.int64)) - MONDAY for day in (least, greatest))
        days = np.arange(start // step * step, end + step + 1, step) + MONDAY
        edges = _around(days.astype("datetime64[D]"), least, greatest)
        if len(edges) <= MOST_BINS + 1:
            return edges
    for step in MONTH_STEPS:
        start, end = (int(day.astype("datetime64[M]").astype(np.int64)) + 12 * 1970 for day in (least, greatest))
        months = np.arange(start // step * step, end + step + 1, step) - 12 * 1970
        edges = _around(months.astype("datetime64[M]").astype("datetime64[D]"), least, greatest)
        if len(edges) <= MOST_BINS + 1:
            break
    return edges


def _around(edges: NDArray[Any], least: float | np.datetime64, greatest: float | np.datetime64) -> NDArray[Any]:
    """From the last edge that is not above the least value to the first that is above the greatest."""
    first, last = np.searchsorted(edges, least, side="right"), np.searchsorted(edges, greatest, side="right")
    return edges[first - 1 : last + 1]


def _counts(edges: NDArray[Any], values: NDArray[Any], counts: CountArray | None = None) -> list[int]:
    bins = len(edges) - 1
    places = (np.searchsorted(edges, values, side="right") - 1).clip(0, bins - 1)
    return [int(total) for total in np.bincount(places, counts, bins)]


def _bins(edges: Sequence[float | str], counts: Sequence[int]) -> tuple[Bin, ...]:
    return tuple(Bin(low, high, count) for (low, high), count in zip(pairwise(edges), counts, strict=True))


def _shown(number: float) -> float:
    """An integer as one: 20 rather than 20.0."""
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
