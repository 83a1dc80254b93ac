"""Hits that are similar to the query and not all alike: maximal marginal relevance.

J. Carbonell and J. Goldstein, "The use of MMR, diversity-based reranking for reordering documents and producing
summaries", SIGIR 1998.
"""

from __future__ import annotations

import numpy as np

from retrieval.types import FloatArray

POOL = 5
"""Candidates for each hit that is wanted."""
MOST_POOLED = 2_000


def pool_size(k: int) -> int:
    """How many candidates to choose k hits from."""
    return max(k, min(POOL * k, MOST_POOLED))


def maximal_marginal_relevance(scores: FloatArray, vectors: FloatArray, *, k: int, diversity: float) -> list[int]:
    """Rows of the k candidates to show, in order: each maximises (1 - diversity) * score - diversity * s.

    `scores` is float32 (n,), `vectors` float32 (n, dim) of length 1, and s the cosine with the most similar one among
    those chosen before it. Ties go to the lower row.
    """
    rows: list[int] = []
    left = np.ones(len(scores), np.bool_)
    closest = np.full(len(scores), -1.0, np.float32)
    for _ in range(min(k, len(scores))):
        gain = (1 - diversity) * scores - diversity * closest
        row = int(np.argmax(np.where(left, gain, -np.inf)))
        rows.append(row)
        left[row] = False
        closest = np.maximum(closest, vectors @ vectors[row])
    return rows
