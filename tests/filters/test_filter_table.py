import math
import threading
from itertools import product

import numpy as np
import pytest
from filter_strategies import FLOATS, INTEGERS, TEXTS, WIDE, filters, rows, steadily
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.errors import FilterError, InputError
from retrieval.filters import AttributeTable, matches, parse_filter
from retrieval.filters.ast import Comparison, Filter, Number, Text


def table_of(*batches):
    table = AttributeTable()
    for batch in batches:
        first = len(table.keys)
        table.append(np.arange(first, first + len(batch), dtype=np.int64) * 10, batch)
    return table


@settings(steadily, max_examples=400)
@given(st.lists(st.lists(rows, max_size=6), max_size=4), st.lists(filters(), min_size=1, max_size=4))
def test_mask_equals_the_oracle_on_every_snapshot(batches, wheres):
    table, snapshots = AttributeTable(), []
    for batch in batches:
        table.append(np.arange(len(batch), dtype=np.int64), batch)
        snapshots.append(table.snapshot())
    seen = []
    for batch, snapshot in zip(batches, snapshots, strict=True):
        seen += batch
        for where in wheres:
            assert snapshot.mask(where).tolist() == [matches(where, row) for row in seen]


def test_long_lists_of_values_take_the_other_ways_through():
    data = [{"n": i % 300, "s": f"s{i % 300}", "l": [f"s{i % 300}", "x"]} for i in range(900)]
    table = table_of(data)
    for name, values in (("n", range(0, 300, 2)), ("s", range(0, 300, 2)), ("l", range(0, 300, 2))):
        constants = ", ".join(str(v) if name == "n" else f"'s{v}'" for v in values)
        for word in ("in", "not in"):
            where = parse_filter(f"{name} {word} ({constants})")
            assert table.mask(where).tolist() == [matches(where, row) for row in data]


@pytest.mark.parametrize(
    ("actual", "bounds"),
    [
        ([*INTEGERS, *FLOATS, math.nan, math.inf, -math.inf], [*map(Number, INTEGERS), *map(Number, FLOATS)]),
        ([number for number in INTEGERS if abs(number) < 10**300], [*map(Number, INTEGERS)]),
        (TEXTS, [*map(Text, TEXTS)]),
        ([[text, "z"] for text in TEXTS], [*map(Text, TEXTS)]),
    ],
    ids=["numbers", "integers", "texts", "lists"],
)
def test_each_value_compares_exactly_with_each_other(actual, bounds):
    data = [{"a": value} for value in actual]
    table = table_of(data)
    for sign, bound in product(["=", "!=", "<", "<=", ">", ">="], bounds):
        where = Filter(Comparison("a", sign, bound))
        assert table.mask(where).tolist() == [matches(where, row) for row in data], where


def test_a_snapshot_knows_no_value_that_came_later():
    table = table_of([{"s": "a"}])
    before = table.snapshot()
    table.append(np.array([10]), [{"s": "b", "l": ["c"]}])
    table.append(np.arange(20), [{"s": f"s{i}"} for i in range(20)])
    many = "', '".join(f"s{i}" for i in range(20))
    assert before.mask(parse_filter(f"s in ('{many}', 'a')")).tolist() == [True]
    assert before.mask(parse_filter("s = 'b' or exists(l)")).tolist() == [False]
    assert before.names() == {"s": {"string": 1}}


def test_masks_belong_to_the_caller():
    table = table_of([{"sale": True, "n": 1}, {"sale": False, "n": 2}])
    for text in ("sale = true", "n >= 1", "exists(n)", "sale != false"):
        before = table.mask(parse_filter(text))
        kept = before.copy()
        before[:] = ~before
        np.testing.assert_array_equal(table.mask(parse_filter(text)), kept)
    with pytest.raises(ValueError, match="read-only"):
        table.keys[0] = 5


def test_names_tell_kinds_and_counts():
    table = table_of([{"b": 1, "a": "x"}, {"b": WIDE, "a": ["x"]}], [{"b": None, "a": True}])
    assert table.names() == {"a": {"string": 1, "boolean": 1, "list": 1}, "b": {"number": 2}}
    assert list(table.names()) == ["a", "b"]
    assert table.keys.tolist() == [0, 10, 20]


@pytest.mark.parametrize(
    ("where", "position", "message"),
    [
        ("pricee < 50", 0, "no item has an attribute pricee; did you mean price?"),
        ("price < 50 and not exists(PRICE)", 26, "no item has an attribute PRICE; did you mean price?"),
        ("zzzzz = 1", 0, "there are price, sale, `shop name`, size, tags"),
        ("price = 'cheap'", 8, 'price holds numbers, never a string such as "cheap"'),
        ("price = '50'", 8, "write 50 without quotes"),
        ("sale = 'true'", 7, "write true without quotes"),
        ("size in ('S', 38)", 14, 'size holds strings, never a number such as 38; write "38" in quotes'),
        ("tags = true", 7, "tags holds lists of strings, never a truth value such as true"),
        ("price contains 'x'", 15, "price holds numbers"),
    ],
)
def test_check_tells_what_does_not_fit(where, position, message):
    table = table_of([{"price": 5, "size": "S", "tags": [], "sale": True, "shop name": "a"}])
    with pytest.raises(FilterError) as caught:
        table.check(parse_filter(where))
    assert message in str(caught.value)
    assert caught.value.position == position


def test_check_passes_what_fits_and_anything_on_an_empty_table():
    where = parse_filter("price < 50 and tags contains 'red' or exists(size) and size in ('S', 38)")
    table_of([{"price": 5, "tags": ["x"], "size": "S"}, {"size": 38}]).check(where)
    AttributeTable().check(where)
    with pytest.raises(FilterError, match="there are no attributes at all"):
        table_of([{}]).check(where)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"a": {"b": 1}}, "attribute a holds a value of type dict"),
        ({"a": ["x", 5]}, "attribute a holds a value of type int; it may hold strings in a list"),
        ({"a b": np.float32(1)}, "attribute `a b` holds a value of type float32"),
    ],
)
def test_a_value_of_another_type_is_refused_and_nothing_is_added(row, message):
    table = table_of([{"a": "x"}])
    with pytest.raises(InputError, match=message):
        table.append(np.array([10, 20]), [{"a": "y", "c": 1}, row])
    assert len(table.keys) == 1
    assert table.names() == {"a": {"string": 1}}
    table.append(np.array([10]), [{"a": "y"}])
    assert table.mask(parse_filter("a = 'y'")).tolist() == [False, True]


def test_keys_and_rows_must_go_together():
    with pytest.raises(InputError, match=r"shape \(1,\) do not go with 2 rows"):
        AttributeTable().append(np.array([1]), [{}, {}])


def test_memory_grows_with_the_values_not_with_rows_times_names():
    sparse = table_of([{f"only {i}": 1.0} for i in range(1000)])
    dense = table_of([{"price": 1.0} for _ in range(1000)])
    assert dense.nbytes == 16 * 1000
    assert sparse.nbytes < 4 * dense.nbytes


def row(i):
    sparse = {"sparse": f"v{i}"} if i % 5 == 0 else {}
    return {"n": i % 7, "s": "odd" if i % 2 else "even", "l": ["third"] * (i % 3 == 0), f"x{i % 50}": i} | sparse


def test_readers_see_whole_appends_while_one_writer_appends():
    where = parse_filter("n >= 3 and s = 'even' or l contains 'third' and not exists(sparse)")
    data = [row(i) for i in range(6000)]
    expected = np.array([matches(where, row) for row in data])
    table, done, wrong = AttributeTable(), threading.Event(), []

    def read():
        while not done.is_set():
            snapshot = table.snapshot()
            mask = snapshot.mask(where)
            size = len(snapshot.keys)
            if size % 20 or not np.array_equal(mask, expected[:size]) or len(mask) != size:
                wrong.append(size)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for start in range(0, len(data), 20):
        table.append(np.arange(start, start + 20), data[start : start + 20])
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert np.array_equal(table.mask(where), expected)
