"""How much of what is relevant is among the first k?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from retrieval.evaluation.columns import Float64Array
from retrieval.evaluation.measures.base import Measure
from retrieval.evaluation.ranks import RelevantRanks, divide


@dataclass(frozen=True, slots=True)
class Recall(Measure):
    """recall@k: the share of the R relevant documents that are among the first k results.

        recall@k = (1 / R) sum_{i=1..k} [rel_i >= 1]

    van Rijsbergen, "Information Retrieval", 2nd edition, 1979, chapter 7; trec_eval's recall_k. At most k / R, so a
    query with more than k relevant documents cannot reach 1. 0 where R = 0.
    """

    name: ClassVar[str] = "recall"
    needs_cutoff: ClassVar[bool] = True

    def per_query(self, ranks: RelevantRanks) -> Float64Array:
        """Shares in [0, 1]: float64 (queries,)."""
        return divide(ranks.within(self.cutoff).count(), ranks.count())
