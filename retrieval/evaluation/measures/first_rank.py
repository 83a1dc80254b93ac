"""At which rank does the first relevant document stand?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from retrieval.evaluation.columns import Float64Array
from retrieval.evaluation.measures.base import Measure, Summary
from retrieval.evaluation.ranks import NOT_RETRIEVED, RelevantRanks


@dataclass(frozen=True, slots=True)
class MedianRank(Measure):
    """median_rank: the median over queries of the rank of the first relevant document; lower is better.

        r = min { i : rel_i >= 1 }

    Hodosh, Young & Hockenmaier, JAIR 47, 2013 ("Med r"). A query without a relevant document among its results counts
    as the rank after the end, d + 1, where d is the cut-off or, without one, the length of the run's longest list: the
    figure is then a lower bound. Where `true_first` knows the rank in a full ranking, that is taken instead, if it lies
    beyond the run's lists, up to the cut-off.
    """

    name: ClassVar[str] = "median_rank"
    higher_is_better: ClassVar[bool] = False
    summary: ClassVar[Summary] = "median"

    def per_query(self, ranks: RelevantRanks) -> Float64Array:
        """Ranks, at least 1: float64 (queries,)."""
        return _first_ranks(ranks, self.cutoff)


@dataclass(frozen=True, slots=True)
class MeanRank(Measure):
    """mean_rank: the mean over queries of the rank of the first relevant document; lower is better.

    Ranks are those of `MedianRank`, what counts for a query without a hit included; since such queries weigh as much as
    the list is long, compare mean ranks only at the same cut-off or with true ranks.
    """

    name: ClassVar[str] = "mean_rank"
    higher_is_better: ClassVar[bool] = False

    def per_query(self, ranks: RelevantRanks) -> Float64Array:
        """Ranks, at least 1: float64 (queries,)."""
        return _first_ranks(ranks, self.cutoff)


def _first_ranks(ranks: RelevantRanks, cutoff: int | None) -> Float64Array:
    first = ranks.first()
    if ranks.true_first is not None:  # not among the first `depth` of this run, whatever the full ranking says
        known = (first == NOT_RETRIEVED) & (ranks.true_first > 0)
        first = np.where(known, np.maximum(ranks.true_first, ranks.depth + 1), first)
    if cutoff is None:
        first = np.where(first == NOT_RETRIEVED, ranks.depth + 1, first)
    else:
        first = np.minimum(first, cutoff + 1)
    return first.astype(np.float64)
