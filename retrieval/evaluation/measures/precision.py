"""How much of the first k is relevant?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from retrieval.evaluation.columns import Float64Array
from retrieval.evaluation.measures.base import Measure
from retrieval.evaluation.ranks import RelevantRanks


@dataclass(frozen=True, slots=True)
class Precision(Measure):
    """precision@k: the share of the first k places that hold a relevant document.

        precision@k = (1 / k) sum_{i=1..k} [rel_i >= 1]

    van Rijsbergen, "Information Retrieval", 2nd edition, 1979, chapter 7; trec_eval's P_k. The divisor is k even where
    fewer than k results were returned: an empty place is not a relevant document.
    """

    name: ClassVar[str] = "precision"
    needs_cutoff: ClassVar[bool] = True

    def per_query(self, ranks: RelevantRanks) -> Float64Array:
        """Shares in [0, 1]: float64 (queries,)."""
        return ranks.within(self.cutoff).count() / float(self.cutoff or 1)
