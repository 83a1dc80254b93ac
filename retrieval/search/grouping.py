"""The best hit for each value of an attribute.

Items that lack the attribute form no group and are left out. A list counts by its elements: its item belongs to the
group of each.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeAlias

from retrieval.filters.ast import quote_name
from retrieval.search.candidates import Candidates
from retrieval.search.query import MOST_HITS
from retrieval.types import AttributeValue, KeyArray, Plan

Search: TypeAlias = Callable[[int], tuple[Candidates, Plan]]
"""Finds so many candidates, best first."""
FIRST_ROUND, GROWTH = 5, 4


def in_some_group(attribute: str, condition: str | None) -> str:
    """The filter that keeps what has the attribute, and meets the condition where there is one."""
    has_value = f"exists({quote_name(attribute)})"
    return f"({condition}) and {has_value}" if condition else has_value


def best_of_groups(
    search: Search, values_of: Callable[[KeyArray], Sequence[AttributeValue]], *, k: int, least: float
) -> tuple[Candidates, Plan]:
    """The best candidates of k groups, best first; those with scores below `least` are not looked for.

    Rounds of 5k, 20k, 80k … candidates are searched until there are k groups, nothing is left, or a round of 10,000
    has been looked at: groups that begin further down are not found.
    """
    wanted = min(FIRST_ROUND * k, MOST_HITS)
    while True:
        found, plan = search(wanted)
        rows = first_of_each(values_of(found.keys))[:k]
        exhausted = len(found) < wanted or found.scores[-1] < least
        if len(rows) == k or exhausted or wanted == MOST_HITS:
            return found.take(rows), plan
        wanted = min(GROWTH * wanted, MOST_HITS)


def first_of_each(values: Sequence[AttributeValue]) -> list[int]:
    """The rows that are the first to have some value: each value's first row is among them, and no row twice."""
    seen: set[Hashable] = set()
    rows = []
    for row, value in enumerate(values):
        groups = groups_of(value)
        if groups - seen:
            rows.append(row)
        seen |= groups
    return rows


def groups_of(value: AttributeValue) -> set[Hashable]:
    """What an attribute's value stands for: equal where filters say that values are equal."""
    match value:
        case None:
            return set()
        case list():
            return set(value)
        case bool():
            return {(bool, value)}  # Python takes True for 1; filters do not, nor do groups
        case float() if value.is_integer():
            return {int(value)}
        case _:
            return {value}
