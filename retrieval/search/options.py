"""How to search, whatever is looked for, and what to count."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import get_args

from retrieval.certificate import LEAST_TARGET, MOST_TARGET
from retrieval.errors import InputError
from retrieval.search.diversity import pool_size
from retrieval.search.fields import ALL_FIELDS, Fields
from retrieval.search.fusion import LEAST_DEPTH
from retrieval.search.query import MOST_HITS, check_limits
from retrieval.types import Mode

MOST_DIVERSE = 1_000
"""Most hits that are chosen for diversity: the work grows with their number times that of the candidates."""
MOST_LEXICAL_WEIGHT = 10
MOST_FACET_VALUES = 1_000


@dataclass(frozen=True, slots=True)
class FacetOptions:
    """Which facets to count.

    Attributes:
        attributes: their names, in the order of the answer; None for all that documents have.
        values: of each, how many of the most frequent values to list, 1 to 1,000.

    Raises:
        InputError: a value is out of its range.
    """

    attributes: tuple[str, ...] | None = ()
    values: int = 10

    def __post_init__(self) -> None:
        if not 1 <= self.values <= MOST_FACET_VALUES:
            raise InputError(f"{self.values} values of a facet: ask for 1 to {MOST_FACET_VALUES:,}")


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
        mode: what ranks: "vector", "lexical" (BM25 over titles and captions), or "hybrid", both fused.
        lexical_weight: how much a rank by words counts beside one by vectors in mode "hybrid", 0 to 10.
        cursor: where to go on, from the result before (`retrieval.search.cursor`).
        explain: tell what the search was chosen from.
        fields: what is told of each hit.
        facets: what to count over all documents that the filter keeps, in the state that is searched.

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
    mode: Mode = "vector"
    lexical_weight: float = 1.0
    cursor: str | None = None
    explain: bool = False
    fields: Fields = ALL_FIELDS
    facets: FacetOptions = FacetOptions()

    def __post_init__(self) -> None:
        check_limits(self.k, self.ef_search)
        if self.target_recall is not None and not LEAST_TARGET <= self.target_recall <= MOST_TARGET:
            span = f"{LEAST_TARGET} to {MOST_TARGET}"
            raise InputError(f"target_recall is {self.target_recall}: give {span}, or ask for an exact search")
        if self.target_recall is not None and self.ef_search is not None:
            raise InputError("target_recall chooses the candidates, and ef_search fixes them: give one of the two")
        if self.min_score is not None and not -1 <= self.min_score <= 1:
            raise InputError(f"min_score is {self.min_score}: scores are cosines, -1 to 1")
        if not 0 <= self.diversity <= 1:
            raise InputError(f"diversity is {self.diversity}: give 0 (similar) to 1 (different)")
        if self.diversity and self.k > MOST_DIVERSE:
            raise InputError(f"k is {self.k}: with diversity at most {MOST_DIVERSE:,}")
        if self.diversity and self.cursor:
            raise InputError("diversity orders hits among themselves, so there is no next page: ask for a larger k")
        if self.group_by == "":
            raise InputError("group_by is empty: name an attribute")
        self._check_mode()

    @property
    def least_score(self) -> float:
        """The lowest score of a hit; -inf where none is asked for."""
        return -math.inf if self.min_score is None else self.min_score

    @property
    def pool(self) -> int:
        """How many candidates the hits are chosen from."""
        return pool_size(self.k) if self.diversity else self.k

    @property
    def others(self) -> int:
        """How many candidates beside the hits are needed, as they may be left out."""
        return 0 if self.without is None else 1

    def for_candidates(self, count: int) -> SearchOptions:
        """The same search for so many candidates (at most 10,000), not narrowed or ordered yet."""
        wanted = max(count, LEAST_DEPTH) if self.mode == "hybrid" else count
        return SearchOptions(
            k=min(wanted, MOST_HITS),
            ef_search=self.ef_search,
            target_recall=self.target_recall,
            exact=self.exact,
            without=self.without,
            mode=self.mode,
            lexical_weight=self.lexical_weight,
        )

    def _check_mode(self) -> None:
        if self.mode not in get_args(Mode):
            raise InputError(f"mode is {self.mode!r}: give one of {', '.join(get_args(Mode))}")
        if not 0 <= self.lexical_weight <= MOST_LEXICAL_WEIGHT:
            raise InputError(f"lexical_weight is {self.lexical_weight}: give 0 to {MOST_LEXICAL_WEIGHT}")
        if self.lexical_weight != 1 and self.mode != "hybrid":
            raise InputError("lexical_weight weighs two rankings: give it with mode hybrid")
        if self.mode != "vector" and self.min_score is not None:
            raise InputError(f"min_score is a cosine, and scores of mode {self.mode} are none: give one of the two")
        if self.mode != "vector" and self.diversity:
            raise InputError(f"diversity weighs cosines, and scores of mode {self.mode} are none: give one of the two")
        if self.mode == "lexical" and (self.exact or self.ef_search is not None or self.target_recall is not None):
            raise InputError("exact, ef_search and target_recall are of vectors, which mode lexical leaves aside")
