"""Of vectors that are nearly the same, one."""

from __future__ import annotations

import numpy as np

from retrieval.types import FloatArray

BATCH = 1_024


def first_of_linked(vectors: FloatArray, min_score: float) -> list[int]:
    """The first row of each set of unit vectors, float32 (n, dim), that cosines of at least `min_score` link.

    Links chain (single linkage), as in `retrieval.duplicates`, which looks at whole collections; here all n² cosines
    are computed, and n² bytes kept.
    """
    parts = [vectors[row : row + BATCH] @ vectors.T >= min_score for row in range(0, len(vectors), BATCH)]
    near = np.concatenate(parts) if parts else np.empty((0, 0), np.bool_)
    waiting, firsts = np.ones(len(vectors), np.bool_), []
    for row in range(len(vectors)):
        if not waiting[row]:
            continue
        firsts.append(row)
        linked = np.array([row])
        while len(linked):
            waiting[linked] = False
            linked = np.flatnonzero(near[linked].any(axis=0) & waiting)
    return firsts
