"""One ranking out of two."""

from __future__ import annotations

import numpy as np

from retrieval.search.candidates import Candidates
from retrieval.types import KeyArray

RANK_CONSTANT = 60
LEAST_DEPTH = 100
"""Both rankings are looked at so far, even for fewer hits: what both have further down may come first together."""


def reciprocal_rank_fusion(vector: Candidates, lexical: Candidates, *, lexical_weight: float = 1.0) -> Candidates:
    """All candidates of both rankings, each best first, with the rank that they have in each.

    Scores are 1 / (60 + vector rank) + lexical_weight / (60 + lexical rank), ranks from 1, where a ranking that lacks
    the candidate adds nothing; those of one score go by key (Cormack, Clarke and Büttcher, SIGIR 2009: reciprocal rank
    fusion outperforms Condorcet and individual rank learning methods).
    """
    keys = np.union1d(vector.keys, lexical.keys)
    ranks = np.stack([_ranks(keys, vector.keys), _ranks(keys, lexical.keys)], axis=1)
    shares = np.where(ranks > 0, [1.0, lexical_weight] / (RANK_CONSTANT + ranks), 0.0)
    scores = shares.sum(axis=1)
    return Candidates(keys, scores.astype(np.float32), ranks).take(np.lexsort((keys, -scores)))


def _ranks(keys: KeyArray, ranking: KeyArray) -> KeyArray:
    """The rank, from 1, of each of some ascending keys; 0 for those that the ranking lacks."""
    ranks = np.zeros(len(keys), np.int64)
    ranks[np.searchsorted(keys, ranking)] = np.arange(1, len(ranking) + 1)
    return ranks
