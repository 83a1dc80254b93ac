"""Random rows and random filters over the same few names and values, so that they meet."""

import math

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from retrieval.filters.ast import And, Comparison, Contains, Exists, Filter, Flag, Membership, Not, Number, Or, Text

steadily = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
"""The same examples in every run, however slow the machine."""

WIDE = 2**53 + 1

TEXTS = [
    "",
    "a",
    "ab",
    "b",
    "2026-01-05",
    "2026-01-05T10:00",
    "2026-01-06",
    "naïve",
    "\x00",
    "a\x00",
    "\ud800",
    "😀",
    "～",
]
INTEGERS = [0, 1, -1, 2, WIDE - 1, WIDE, WIDE + 1, -WIDE, 2**64, 10**400, -(10**400)]
FLOATS = [0.0, -0.0, 0.5, 1.0, 2.0**53, 1e16, -1e300, 1e308]

names = st.sampled_from(["price", "tags", "in", "a b", "`", ""])
texts = st.sampled_from(TEXTS)
scalars = (
    st.none()
    | texts
    | st.sampled_from(INTEGERS)
    | st.sampled_from([*FLOATS, math.nan, math.inf, -math.inf])
    | st.booleans()
)
rows = st.dictionaries(names, scalars | st.lists(texts, max_size=3), max_size=4)


def values(text):
    numbers = st.sampled_from(INTEGERS) | st.sampled_from(FLOATS)
    return text.map(Text) | numbers.map(Number) | st.booleans().map(Flag)


def conditions(name, text):
    sign = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
    comparison = st.builds(Comparison, name, sign, values(text)).filter(
        lambda c: c.operator in ("=", "!=") or not isinstance(c.value, Flag)
    )
    some = st.lists(values(text), min_size=1, max_size=12).map(tuple)
    membership = st.builds(Membership, name, some, st.booleans())
    return comparison | membership | st.builds(Contains, name, text.map(Text)) | st.builds(Exists, name)


def filters(name=names, text=texts):
    def larger(node):
        terms = st.lists(node, min_size=2, max_size=3).map(tuple)
        return st.builds(Not, node) | st.builds(And, terms) | st.builds(Or, terms)

    return st.recursive(conditions(name, text), larger, max_leaves=6).map(Filter)
