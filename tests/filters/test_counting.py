"""Facets against counts of the rows themselves."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from filter_strategies import filters, rows, steadily
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.filters import AttributeTable, matches, parse_filter
from retrieval.filters.clauses import without
from retrieval.filters.counting import Chosen, count, days_of, holds_days

KINDS = {str: "string", int: "number", float: "number", bool: "boolean", list: "list"}


def counted(batches, where, name, **options):
    """The facet of the rows that match, counted over a snapshot for each batch."""
    parts = []
    for batch in batches:
        table = AttributeTable()
        table.append(np.arange(len(batch), dtype=np.int64), batch)
        snapshot = table.snapshot()
        if attribute := snapshot.attributes.get(name):
            parts.append(Chosen(attribute, snapshot.mask(where), days_of(attribute)))
    return count(name, parts, dates=holds_days(parts), **options)


@settings(steadily, max_examples=300)
@given(st.lists(st.lists(rows, max_size=6), max_size=3), filters(), st.integers(1, 4))
def test_a_facet_counts_the_rows_that_match(batches, where, most):
    chosen = [row for batch in batches for row in batch if matches(where, row)]
    for name in {name for row in chosen for name in row}:
        facet = counted(batches, where, name, most=most)
        present = [row[name] for row in chosen if row.get(name) is not None]
        assert facet.documents == len(present)
        assert facet.kinds == Counter(KINDS[type(value)] for value in present)
        assert in_order(facet) == of_values(present, strings=not facet.dates)[:most]
        assert facet.distinct == len(of_values(present, strings=not facet.dates))
        finite = [value for value in present if type(value) in (int, float) and is_finite(value)]
        assert (facet.numbers is None) == (not finite)
        if facet.numbers:
            assert (facet.numbers.min, facet.numbers.max) == (float(min(finite)), float(max(finite)))
            assert sum(one.count for one in facet.numbers.bins) == len(finite)


def is_finite(number) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:
        return False


def in_order(facet) -> list:
    return [(one.value, one.count) for one in facet.values]


def of_values(values, *, strings) -> list:
    """Strings, truth values and elements of lists with their counts, the most frequent first."""
    counts = Counter()
    for value in values:
        if isinstance(value, list):
            counts.update(set(value))
        elif isinstance(value, bool) or (isinstance(value, str) and strings):
            counts[value] += 1
    return sorted(counts.items(), key=lambda one: (-one[1], str(one[0])))


@pytest.mark.parametrize(
    ("texts", "is_dated"),
    [
        (["2026-01-05", "2026-02-01T10:00", "2026-02-01 10:00"], True),
        (["2026-01-05", "soon"], False),
        (["2026-02-30"], False),
        (["20260105"], False),
        (["2026-01-05x"], False),
        (["2026-01"], False),
    ],
)
def test_strings_that_all_begin_with_a_day_are_dates(texts, is_dated):
    everything = parse_filter("exists(on)")
    facet = counted([[{"on": text} for text in texts], [{"on": texts[0]}, {"other": "x"}]], everything, "on", most=9)
    assert (facet.dates is not None) == is_dated
    assert (facet.type, facet.documents) == ("date" if is_dated else "string", len(texts) + 1)
    if is_dated:
        assert facet.values == ()
        assert sum(one.count for one in facet.dates.bins) == len(texts) + 1
    else:
        assert facet.values[0].value == texts[0]


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("a = 1", None),
        ("b = 1", "b = 1"),
        ("a = 1 and b = 1", "b = 1"),
        ("(b = 1 and a > 1) and (a < 3 and c = 1)", "b = 1 and c = 1"),
        ("(a = 1 or a = 2) and not a = 3", None),
        ("(a = 1 or b = 2) and a in (1, 2)", "a = 1 or b = 2"),
        ("not (a = 1 and b = 1)", "not (a = 1 and b = 1)"),
    ],
)
def test_a_filter_without_what_it_says_of_one_attribute(text, rest):
    left = without(parse_filter(text), "a")
    assert left == (None if rest is None else parse_filter(rest))
    assert left is None or parse_filter(left.text) == left
