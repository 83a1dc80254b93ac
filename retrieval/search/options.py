"""How to search, whatever is looked for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from retrieval.errors import InputError
from retrieval.search.query import MOST_HITS, check_limits

MOST_DIVERSE = 1_000
"""Most hits that are chosen for diversity: the work grows with their number times that of the candidates."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """What the command line, HTTP and Python say of a search, in one value.

    Attributes:
        k: hits at most, 1 to 10,000.
        ef_search: candidates in the graphs, 1 to 10,000; None for the collection's own number.
        target_recall: the recall to plan for where the graphs were measured, 0.5 to 0.999; None for the collection's.
        exact: leave the graphs aside.
        filter: a condition on the attributes (docs/filters.md).
        min_score: the lowest cosine of a hit, -1 to 1.
        diversity: 0 for the most similar hits, 1 for the most different ones (`retrieval.search.diversity`).
        group_by: an attribute of which each value is to appear once (`retrieval.search.grouping`).
        without: a document that is left out.

    Raises:
        InputError: a value is out of its range.
    """

    k: int = 10
    ef_search: int | None = None
    target_recall: float | None = None
    exact: bool = False
    filter: str | None = None
    min_score: float | None = None
    diversity: float = 0.0
    group_by: str | None = None
    without: str | None = None

    def __post_init__(self) -> None:
        check_limits(self.k, self.ef_search)
        if self.target_recall is not None and not 0.5 <= self.target_recall <= 0.999:
            raise InputError(f"target_recall is {self.target_recall}: give 0.5 to 0.999, or ask for an exact search")
        if self.target_recall is not None and self.ef_search is not None:
            raise InputError("target_recall chooses the candidates, and ef_search fixes them: give one of the two")
        if self.min_score is not None and not -1 <= self.min_score <= 1:
            raise InputError(f"min_score is {self.min_score}: scores are cosines, -1 to 1")
        if not 0 <= self.diversity <= 1:
            raise InputError(f"diversity is {self.diversity}: give 0 (similar) to 1 (different)")
        if self.diversity and self.k > MOST_DIVERSE:
            raise InputError(f"k is {self.k}: with diversity at most {MOST_DIVERSE:,}")
        if self.group_by == "":
            raise InputError("group_by is empty: name an attribute")

    @property
    def least_score(self) -> float:
        """The lowest score of a hit; -inf where none is asked for."""
        return -math.inf if self.min_score is None else self.min_score

    def for_candidates(self, count: int) -> SearchOptions:
        """The same search for so many candidates (at most 10,000), not narrowed or ordered yet."""
        return SearchOptions(
            k=min(count, MOST_HITS), ef_search=self.ef_search, target_recall=self.target_recall, exact=self.exact
        )
