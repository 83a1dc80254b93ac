import pytest

from retrieval.filters import matches, parse_filter
from retrieval.filters.ast import Comparison, Filter, Flag

WIDE = 2**53 + 1


@pytest.mark.parametrize(
    ("attributes", "where", "expected"),
    [
        ({"price": 49.9}, "price < 50", True),
        ({}, "price < 50", False),
        ({}, "not price < 50", True),
        ({"price": None}, "exists(price)", False),
        ({"price": "49"}, "price < 50", False),
        ({"price": "49"}, "price != 50", True),
        ({}, "price != 50", False),
        ({}, "price not in (50)", False),
        ({"sale": True}, "sale = 1", False),
        ({"sale": 1}, "sale = true", False),
        ({"size": 38.0}, "size in (38, 'S')", True),
        ({"id": WIDE}, f"id = {WIDE}", True),
        ({"id": WIDE}, f"id = {WIDE - 1}", False),
        ({"id": float(WIDE - 1)}, f"id < {WIDE}", True),
        ({"tags": ["red", "blue"]}, "tags = 'red'", True),
        ({"tags": ["red", "blue"]}, "tags != 'red'", False),
        ({"tags": ["red", "blue"]}, "tags < 'c'", True),
        ({"tags": ["bored"]}, "tags contains 'red'", False),
        ({"title": "a bored dog"}, "title contains 'red'", True),
        ({"tags": []}, "exists(tags)", True),
        ({"tags": []}, "tags != 'red'", True),
        ({"day": "2026-01-05T10:00"}, "day > '2026-01-05' and day < '2026-01-06'", True),
        ({"name": "Zoe"}, "name < 'anna'", True),
        ({"a": float("nan")}, "a = 1 or a < 1 or a >= 1", False),
        ({"a": float("nan")}, "a != 1", True),
    ],
)
def test_meaning(attributes, where, expected):
    assert matches(parse_filter(where), attributes) is expected


def test_flags_have_no_order_even_in_a_tree_made_by_hand():
    assert not matches(Filter(Comparison("sale", "<=", Flag(True))), {"sale": True})
