"""How to search, whatever is looked for."""

from __future__ import annotations

from dataclasses import dataclass

from retrieval.search.query import check_limits


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """What the command line, HTTP and Python say of a search, in one value.

    `k` hits at most, 1 to 10,000. `ef_search` candidates in the graphs, None for the collection's own number; `exact`
    leaves the graphs aside. `filter` is a condition on the attributes (docs/filters.md). `without` leaves one document
    out. `InputError` for a value that is out of its range.
    """

    k: int = 10
    ef_search: int | None = None
    exact: bool = False
    filter: str | None = None
    without: str | None = None

    def __post_init__(self) -> None:
        check_limits(self.k, self.ef_search)
