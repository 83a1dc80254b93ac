"""What a filter means, one item at a time. The columnar evaluation must agree with this in every case."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from retrieval.filters.ast import (
    And,
    Comparison,
    Contains,
    Exists,
    Filter,
    Flag,
    Membership,
    Node,
    Not,
    Number,
    Or,
    Value,
)
from retrieval.types import AttributeValue

COMPARE: Mapping[str, Callable[..., bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def matches(where: Filter, attributes: Mapping[str, AttributeValue]) -> bool:
    """Whether an item with these attributes passes the filter; `None` counts as absent."""
    return _holds(where.root, attributes)


def _holds(node: Node, attributes: Mapping[str, AttributeValue]) -> bool:
    match node:
        case And(terms):
            return all(_holds(term, attributes) for term in terms)
        case Or(terms):
            return any(_holds(term, attributes) for term in terms)
        case Not(term):
            return not _holds(term, attributes)
    actual = attributes.get(node.name)
    if actual is None:
        return False
    match node:
        case Exists():
            return True
        case Comparison(_, "!=", value):
            return not _compares(actual, "=", value)
        case Comparison(_, sign, value):
            return _compares(actual, sign, value)
        case Membership(_, values, negated):
            return negated != any(_compares(actual, "=", value) for value in values)
        case Contains(_, value):
            return isinstance(actual, str | list) and value.value in actual


def _compares(actual: AttributeValue, sign: str, value: Value) -> bool:
    """Numbers with numbers, strings with strings, flags with flags; a list compares as any of its elements does."""
    compare = COMPARE[sign]
    if isinstance(value, Flag):
        return isinstance(actual, bool) and sign == "=" and actual == value.value
    if isinstance(value, Number):
        return isinstance(actual, int | float) and not isinstance(actual, bool) and compare(actual, value.value)
    if isinstance(actual, list):
        return any(compare(element, value.value) for element in actual)
    return isinstance(actual, str) and compare(actual, value.value)
