"""A constant view of an attribute table: what a search filters with, without locks, while the table grows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
        check_together(where, [self])

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


def check_together(where: Filter, snapshots: Sequence[AttributeSnapshot]) -> None:
    """Raise `FilterError` where a filter does not fit the rows of several snapshots taken as one."""
    if any(len(snapshot.keys) for snapshot in snapshots):
        check(where, _Names(snapshots))


@dataclass(frozen=True, slots=True, eq=False)
class _Names(Mapping[str, Mapping[ValueKind, int]]):
    """The attributes of several snapshots with their kinds, put together for those names only that are asked for."""

    snapshots: Sequence[AttributeSnapshot]

    def __getitem__(self, name: str) -> Mapping[ValueKind, int]:
        found = [snapshot.attributes[name] for snapshot in self.snapshots if name in snapshot.attributes]
        if not found:
            raise KeyError(name)
        counts: Counter[ValueKind] = Counter()
        for attribute in found:
            counts.update(attribute.counts())
        return counts

    def __iter__(self) -> Iterator[str]:
        return iter({name for snapshot in self.snapshots for name in snapshot.attributes})

    def __len__(self) -> int:
        return sum(1 for _ in self)


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
