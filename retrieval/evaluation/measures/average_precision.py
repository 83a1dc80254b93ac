"""How pure is the list down to each relevant document?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from retrieval.evaluation.columns import Float64Array
from retrieval.evaluation.measures.base import Measure
from retrieval.evaluation.ranks import RelevantRanks, divide


@dataclass(frozen=True, slots=True)
class AveragePrecision(Measure):
    """AP: mean over the R relevant documents of the precision at their ranks, 0 for those not retrieved.

        AP@k = (1 / R) sum_{i=1..k} [rel_i >= 1] precision@i

    Buckley & Voorhees, "Evaluating evaluation measure stability", SIGIR 2000; trec_eval's map and map_cut_k. The mean
    over queries is MAP. The divisor is R, not min(R, k). 0 where R = 0.
    """

    name: ClassVar[str] = "AP"

    def per_query(self, ranks: RelevantRanks) -> Float64Array:
        """Averages in [0, 1]: float64 (queries,)."""
        found = ranks.within(self.cutoff)
        return divide(found.total(found.places() / found.rank), ranks.count())
