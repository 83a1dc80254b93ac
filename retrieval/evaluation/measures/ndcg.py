"""Are the most relevant documents at the top?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from retrieval.evaluation.columns import Float64Array
from retrieval.evaluation.measures.base import Measure
from retrieval.evaluation.ranks import RelevantRanks, divide


@dataclass(frozen=True, slots=True)
class NDCG(Measure):
    """nDCG@k: discounted cumulative gain of the first k results, over that of the best possible order.

        DCG@k = sum_{i=1..k} max(rel_i, 0) / log2(i + 1)        nDCG@k = DCG@k / ideal DCG@k

    Järvelin & Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002, with the discount
    log2(i + 1) of Burges et al., ICML 2005; trec_eval's ndcg_cut_k, and its ndcg without a cut-off. The gain is the
    grade itself, not 2^grade - 1. The ideal order takes all judged documents, retrieved or not. 0 where none is
    relevant.
    """

    name: ClassVar[str] = "nDCG"

    def per_query(self, ranks: RelevantRanks) -> Float64Array:
        """Ratios in [0, 1]: float64 (queries,)."""
        return divide(_dcg(ranks.within(self.cutoff)), _dcg(ranks.ideal().within(self.cutoff)))


def _dcg(found: RelevantRanks) -> Float64Array:
    return found.total(found.relevance / np.log2(found.rank + 1.0))
