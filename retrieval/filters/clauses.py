"""A filter without what it says of one attribute, as the panels of search pages count."""

from __future__ import annotations

from collections.abc import Iterator

from retrieval.filters.ast import And, Filter, Node


def without(where: Filter, name: str) -> Filter | None:
    """The filter less those of its clauses, joined by `and`, that are about this attribute alone; None if all are."""
    clauses = list(_clauses(where.root))
    others = [clause for clause in clauses if {one.name for one in Filter(clause).conditions()} != {name}]
    if len(others) == len(clauses):
        return where
    if not others:
        return None
    root = others[0] if len(others) == 1 else And(tuple(others))
    return Filter(root, str(root))


def _clauses(node: Node) -> Iterator[Node]:
    match node:
        case And(terms):
            for term in terms:
                yield from _clauses(term)
        case _:
            yield node
