"""How soon does the first relevant document come?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from retrieval.evaluation.columns import Float64Array
from retrieval.evaluation.measures.base import Measure
from retrieval.evaluation.ranks import RelevantRanks


@dataclass(frozen=True, slots=True)
class ReciprocalRank(Measure):
    """RR: one over the rank of the first relevant document, 0 where none is among the first k.

        RR@k = 1 / min { i <= k : rel_i >= 1 }

    Kantor & Voorhees, "The TREC-5 confusion track", Information Retrieval 2, 2000; trec_eval's recip_rank. The mean
    over queries is MRR.
    """

    name: ClassVar[str] = "RR"

    def per_query(self, ranks: RelevantRanks) -> Float64Array:
        """Reciprocals in [0, 1]: float64 (queries,)."""
        found = ranks.within(self.cutoff)
        scores = np.zeros(found.queries)
        leading = found.places() == 1
        scores[found.query[leading]] = 1.0 / found.rank[leading]
        return scores
