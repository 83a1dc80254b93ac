"""How much of the exact answer an index finds."""

from __future__ import annotations

import numpy as np

from retrieval.types import NO_KEY, FloatArray, KnnResult

ROUNDING = 1e-5
"""By so much may the scores of one pair of vectors differ between two ways to compute them."""


def share_found(found: KnnResult, truth: KnnResult) -> FloatArray:
    """For each query, the share of its exact k nearest that were found, in [0, 1]: float32 (nq,).

    Their mean is recall@k as ann-benchmarks defines it (Aumüller, Bernhardsson & Faithfull, 2020, section 2.1): one
    counts as found when its score reaches the exact k-th, so that equal vectors may stand in for one another.
    """
    wanted = np.sum(truth.keys != NO_KEY, axis=1)
    last = np.take_along_axis(truth.scores, np.maximum(wanted - 1, 0)[:, None], 1)
    good = np.sum((found.keys != NO_KEY) & (found.scores >= last - ROUNDING), axis=1)
    shares = np.where(wanted == 0, 1.0, np.minimum(good, wanted) / np.maximum(wanted, 1))
    return shares.astype(np.float32)
