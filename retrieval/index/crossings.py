"""Links from cluster to cluster: without them, a search that has come into one does not find what lies in the next.

Where vectors lie in tight clusters, the candidates for a node's links are all of its own cluster, and a query between
clusters gets its answer from one of them. So the graph is asked by probes, mixes of some of its own vectors, and where
it misses much of the exact answer, what it found and what it missed are linked: repairs where searches fail, as in
NGFix (Guo et al., SIGMOD 2025), by queries that need not be given. A graph that the probes find no fault with is left
alone after one round of them.
"""

from __future__ import annotations

import numpy as np

from retrieval.index.bottom_layer import BottomLayer, Neighbours, Pairs
from retrieval.index.faiss_wheel import FaissIndex, faiss
from retrieval.index.flat import FlatIndex
from retrieval.index.hnsw import HnswIndex
from retrieval.types import BoolArray, FloatArray, KeyArray

ROUNDS = (500, 1_000, 2_000, 4_000)
"""How many probes are asked, round by round; new ones, which tell what the links of the rounds before have done."""
MOST_MIXED = 6
WALK = 64
"""Candidates of a walk, by which it is judged."""
NEAREST, MANY_MISSED = 10, 2
"""Where a walk misses that many of so many nearest nodes, links are added."""
CUT_OFF, FEW = 5, 0.01
"""The rounds end when fewer than a share FEW of the probes misses CUT_OFF or more."""
ENDS = 16
"""Nodes on each side, of those found and of those missed, that get a link."""


def connect_clusters(graph: FaissIndex, vectors: FloatArray) -> None:
    """Add the links that probes find missing, in place; the same graph gets the same ones every time.

    `graph` is a FAISS HNSW index in memory, of float32 `vectors` (nodes, dim) as a search will compare them, short of
    their coding: what a code loses, links do not bring back.
    """
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    index, exact = HnswIndex(graph, flat, vectors), FlatIndex(flat)
    rng = np.random.default_rng(0)
    for count in ROUNDS:
        probes = mixes(vectors, count, rng)
        found = index.search(probes, k=WALK, ef_search=WALK).keys
        nearest = exact.search(probes, k=min(WALK + ENDS, len(vectors))).keys
        reached = (nearest[:, :, None] == found[:, None, :]).any(axis=2)
        missed = np.count_nonzero(~reached[:, :NEAREST], axis=1)
        bottom = BottomLayer(graph)
        bottom.add(_crossings(vectors, bottom.links, found, nearest, reached, np.flatnonzero(missed >= MANY_MISSED)))
        if np.mean(missed >= CUT_OFF) < FEW:
            return


def mixes(vectors: FloatArray, count: int, rng: np.random.Generator) -> FloatArray:
    """Directions between vectors, float32 (count, dim) of length 1: each the sum of 2 to MOST_MIXED of (rows, dim)."""
    chosen = rng.integers(0, len(vectors), (count, MOST_MIXED))
    taken = np.arange(MOST_MIXED) < rng.integers(2, MOST_MIXED + 1, (count, 1))
    sums = np.einsum("qmd,qm->qd", vectors[chosen], taken.astype(np.float32))
    return np.asarray(sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12), np.float32)


def _crossings(
    vectors: FloatArray, links: Neighbours, found: KeyArray, nearest: KeyArray, reached: BoolArray, poor: KeyArray
) -> Pairs:
    """What is to be linked for the probes, rows `poor`, that missed too much, each from found to missed."""
    pairs = [np.empty((0, 2), np.int64)]
    for probe in poor:
        here, there = found[probe][found[probe] >= 0][:ENDS], nearest[probe][~reached[probe]][:ENDS]
        likeness = vectors[here] @ vectors[there].T
        pairs.append(np.stack([here, there[likeness.argmax(axis=1)]], axis=1))
        pairs.append(np.stack([here[likeness.argmax(axis=0)], there], axis=1))
    several = np.concatenate(pairs)
    linked = (links[several[:, 0]] == several[:, 1:]).any(axis=1)
    return np.asarray(several[~linked], np.int64)
