"""Is there anything relevant among the first k?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from retrieval.evaluation.columns import Float64Array
from retrieval.evaluation.measures.base import Measure
from retrieval.evaluation.ranks import RelevantRanks


@dataclass(frozen=True, slots=True)
class Hit(Measure):
    """hit@k: 1 if at least one relevant document is among the first k results, else 0.

        hit@k = [ sum_{i=1..k} [rel_i >= 1] >= 1 ]

    What papers on image-caption retrieval print as R@k (Hodosh, Young & Hockenmaier, "Framing image description as a
    ranking task", JAIR 47, 2013; Karpathy & Fei-Fei, CVPR 2015), what trec_eval calls success_k, and not the share of
    relevant documents that are found, which is recall@k: an image with five captions of which one is found has
    hit@k 1 and recall@k 0.2. Where every query has one relevant document the two are equal.
    """

    name: ClassVar[str] = "hit"
    needs_cutoff: ClassVar[bool] = True

    def per_query(self, ranks: RelevantRanks) -> Float64Array:
        """0 or 1 for every judged query: float64 (queries,)."""
        return (ranks.within(self.cutoff).count() > 0).astype(np.float64)
