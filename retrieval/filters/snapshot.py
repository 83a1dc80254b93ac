"""A constant view of an attribute table: what a search filters with, without locks, while the table grows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from retrieval.filters.ast import And, Comparison, Condition, Contains, Exists, Filter, Membership, Node, Not, Or
from retrieval.filters.attribute import Attribute, ValueKind
from retrieval.filters.check import check
from retrieval.types import BoolArray, KeyArray


@dataclass(frozen=True, slots=True, eq=False)
class AttributeSnapshot:
    """`keys` is int64 (rows,), read-only; masks are in its order."""

    keys: KeyArray
    attributes: Mapping[str, Attribute]

    def mask(self, where: Filter) -> BoolArray:
        """Which rows pass, bool (rows,): exactly those for which `matches` is true. The caller may change it."""
        return self._evaluate(where.root)

    def check(self, where: Filter) -> None:
        """Raise `FilterError` where the filter names an unknown attribute or compares with a type it never has.

        The nearest names, or the types, are told. Nothing is known of an empty table: every filter fits it.
        """
        if len(self.keys):
            check(where, self.names())

    def names(self) -> Mapping[str, Mapping[ValueKind, int]]:
        """The attributes, in alphabetical order, and how many rows have a value of each kind."""
        return {name: self.attributes[name].counts() for name in sorted(self.attributes)}

    def _evaluate(self, node: Node) -> BoolArray:
        match node:
            case And(terms):
                return self._all(terms)
            case Or(terms):
                return self._any(terms)
            case Not(term):
                mask = self._evaluate(term)
                return np.logical_not(mask, out=mask)
            case _:
                return self._condition(node)

    def _all(self, terms: tuple[Node, ...]) -> BoolArray:
        mask = self._evaluate(terms[0])
        for term in terms[1:]:
            if not mask.any():
                break
            mask &= self._evaluate(term)
        return mask

    def _any(self, terms: tuple[Node, ...]) -> BoolArray:
        mask = self._evaluate(terms[0])
        for term in terms[1:]:
            mask |= self._evaluate(term)
        return mask

    def _condition(self, condition: Condition) -> BoolArray:
        rows = len(self.keys)
        attribute = self.attributes.get(condition.name)
        if attribute is None:
            return np.zeros(rows, dtype=np.bool_)
        match condition:
            case Exists():
                return attribute.present(rows)
            case Contains(_, part):
                return attribute.containing(part.value, rows)
            case Membership(_, values, negated):
                found = attribute.among(values, rows)
                return _but(attribute, found) if negated else found
            case Comparison():
                return _comparison(attribute, condition, rows)


def _comparison(attribute: Attribute, condition: Comparison, rows: int) -> BoolArray:
    if condition.operator == "=":
        return attribute.among((condition.value,), rows)
    if condition.operator == "!=":
        return _but(attribute, attribute.among((condition.value,), rows))
    return attribute.ordered(condition.operator, condition.value, rows)


def _but(attribute: Attribute, matching: BoolArray) -> BoolArray:
    """Rows that have a value and are not `matching`."""
    present = attribute.present(len(matching))
    return np.greater(present, matching, out=present)
