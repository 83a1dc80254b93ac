"""Saved columns are the columns: every filter has the same rows, and the same content the same bytes."""

from __future__ import annotations

import numpy as np
import pytest
from filter_strategies import filters, rows, steadily
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.errors import CorruptionError, FilterError
from retrieval.filters import AttributeTable, check_together, matches, parse_filter
from retrieval.filters.storage import load_snapshot, save_snapshot


def snapshot_of(*batches):
    table = AttributeTable()
    for batch in batches:
        table.append(np.arange(len(batch)), batch)
    return table.snapshot()


@settings(steadily, max_examples=200)
@given(st.lists(rows, max_size=8), st.lists(rows, max_size=8), st.lists(filters(), min_size=1, max_size=6))
def test_what_is_loaded_equals_the_oracle_and_two_batches_give_the_bytes_of_one(tmp_path_factory, one, two, wheres):
    folder = tmp_path_factory.mktemp("columns")
    both = one + two
    save_snapshot(snapshot_of(both), folder / "whole")
    save_snapshot(snapshot_of(one, two), folder / "parts")
    assert (folder / "whole").read_bytes() == (folder / "parts").read_bytes()
    loaded = load_snapshot(folder / "whole", np.arange(len(both)))
    assert loaded.names() == snapshot_of(both).names()
    for where in wheres:
        assert loaded.mask(where).tolist() == [matches(where, row) for row in both]
    save_snapshot(loaded, folder / "again")
    assert (folder / "again").read_bytes() == (folder / "whole").read_bytes()


def test_columns_of_other_rows_are_refused(tmp_path):
    save_snapshot(snapshot_of([{"a": 1}]), tmp_path / "columns")
    with pytest.raises(CorruptionError, match="1 rows instead of 2"):
        load_snapshot(tmp_path / "columns", np.arange(2))


def test_a_filter_fits_several_snapshots_when_it_fits_them_as_one():
    snapshots = [snapshot_of([{"price": 5}]), snapshot_of(), snapshot_of([{"price": "dear", "size": "S"}])]
    check_together(parse_filter("price = 5 and price = 'dear' and exists(size)"), snapshots)
    with pytest.raises(FilterError, match="did you mean size"):
        check_together(parse_filter("sise = 5"), snapshots)
    with pytest.raises(FilterError, match="price holds numbers and strings, never a truth value"):
        check_together(parse_filter("price = true"), snapshots)
