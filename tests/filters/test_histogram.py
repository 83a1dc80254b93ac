"""Histograms: round edges, every value in its bin, whatever the values are."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from filter_strategies import steadily
from hypothesis import given
from hypothesis import strategies as st

from retrieval.facets import Bin, Histogram
from retrieval.filters.histogram import MOST_BINS, day_histogram, number_histogram

QUARTERS = ["2024-01", "2024-04", "2024-07", "2024-10", "2025-01", "2025-04", "2025-07", "2025-10", "2026-01"]


@pytest.mark.parametrize(
    ("values", "edges"),
    [
        ([10], [10, 11]),
        ([0.35], [0, 1]),
        ([1, 2, 2, 5], [1, 2, 3, 4, 5, 6]),
        ([1, 2.5], [1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2, 2.1, 2.2, 2.3, 2.4, 2.5, 2.6]),
        ([0, 100], [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110]),
        ([0.1, 0.3], [0.1, 0.12, 0.14, 0.16, 0.18, 0.2, 0.22, 0.24, 0.26, 0.28, 0.3, 0.32]),
        ([-7, 1999], [-200, 0, 200, 400, 600, 800, 1000, 1200, 1400, 1600, 1800, 2000]),
    ],
)
def test_edges_of_numbers_are_round(values, edges):
    histogram = number_histogram(np.array(values, np.float64))
    assert [histogram.bins[0].low, *(one.high for one in histogram.bins)] == edges


@steadily
@given(st.lists(st.floats() | st.integers(-(2**60), 2**60).map(float), max_size=30))
def test_every_finite_number_is_in_its_bin(values):
    finite = [value for value in values if np.isfinite(value)]
    histogram = number_histogram(np.array(values, np.float64))
    if not finite:
        assert histogram is None
        return
    assert (histogram.min, histogram.max) == (min(finite), max(finite))
    well_formed(histogram)
    *others, last = histogram.bins
    for one in others:
        assert one.count == sum(one.low <= value < one.high for value in finite)
    assert last.count == sum(last.low <= value for value in finite)


def well_formed(histogram: Histogram) -> None:
    """A few bins, each beginning where the one before it ends, none at the ends without need."""
    assert 1 <= len(histogram.bins) <= MOST_BINS
    assert all(one.low < one.high for one in histogram.bins)
    assert [one.high for one in histogram.bins[:-1]] == [one.low for one in histogram.bins[1:]]
    assert min(histogram.bins[0].count, histogram.bins[-1].count) > 0


@pytest.mark.parametrize(
    ("first", "last", "edges"),
    [
        ("2026-01-05", "2026-01-05", ["2026-01-05", "2026-01-06"]),
        ("2026-01-30", "2026-02-02", ["2026-01-30", "2026-01-31", "2026-02-01", "2026-02-02", "2026-02-03"]),
        ("2026-01-06", "2026-01-31", ["2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26", "2026-02-02"]),
        ("2025-11-30", "2026-05-01", ["2025-11-01", "2025-12-01", *(f"2026-0{month}-01" for month in range(1, 7))]),
        ("2024-02-29", "2025-12-31", [f"{month}-01" for month in QUARTERS]),
        ("1969-07-20", "1985-01-01", [f"{year}-01-01" for year in range(1969, 1987)]),
        ("2020-01-01", "9999-12-31", [*(f"{year}-01-01" for year in range(2000, 10_000, 500)), "9999-12-31"]),
    ],
)  # fmt: skip
def test_edges_of_dates_are_round(first, last, edges):
    days = np.array([first, last], "datetime64[D]")
    histogram = day_histogram(days, np.array([2, 3]), [first, last])
    assert [histogram.bins[0].low, *(one.high for one in histogram.bins)] == edges
    assert sum(one.count for one in histogram.bins) == 5


@steadily
@given(st.lists(st.integers(0, (date.max - date.min).days - 1), min_size=1, max_size=30), st.integers(0, 40_000))
def test_every_date_is_in_its_bin_as_filters_compare_strings(offsets, width):
    texts = sorted({str(date.min + timedelta(min(offsets) + (one - min(offsets)) % (width + 1))) for one in offsets})
    histogram = day_histogram(np.array(texts, "datetime64[D]"), np.ones(len(texts), np.int64), texts)
    assert (histogram.min, histogram.max) == (texts[0], texts[-1])
    well_formed(histogram)
    for one in histogram.bins:
        assert one.count == sum(one.low <= text < one.high for text in texts)


def test_dates_are_told_as_they_are_written():
    texts = ["2026-01-05T10:00", "2026-01-05", "2026-01-07 09:30"]
    histogram = day_histogram(np.array([text[:10] for text in texts], "datetime64[D]"), np.array([1, 1, 4]), texts)
    bins = (Bin("2026-01-05", "2026-01-06", 2), Bin("2026-01-06", "2026-01-07", 0), Bin("2026-01-07", "2026-01-08", 4))
    assert histogram == Histogram("2026-01-05", "2026-01-07 09:30", bins)
