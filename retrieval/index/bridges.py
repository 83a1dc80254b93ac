"""Links that queries need: a graph is built among images, but texts enter it from outside.

The nearest images of a text are often far from one another, and greedy search that has found one does not reach the
rest. For a sample of queries, the images nearest to each are connected among themselves: by a spanning tree that uses
the links that are there and adds the strongest that are missing. The idea is that of RoarGraph (Chen et al., PVLDB
17(11), 2024) and NGFix (Guo et al., SIGMOD 2025); the links go into slots that the graph has free.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from retrieval.index.bottom_layer import BottomLayer, Neighbours, Pairs
from retrieval.index.faiss_wheel import FaissIndex
from retrieval.types import FloatArray, KeyArray

NEAREST = 16
"""Images nearest to a query that are connected."""
BLOCK = 500

FindNearest = Callable[[FloatArray, int, int], KeyArray]
"""Nearest nodes of queries (nq, dim): (queries, k, ef_search) -> int64 (nq, k)."""


def bridge(graph: FaissIndex, vectors: FloatArray, queries: FloatArray, find: FindNearest) -> None:
    """Connect the nodes that queries have in common, in place.

    `graph` is a FAISS HNSW index in memory; `vectors` float32 (nodes, dim) its nodes in full, `queries` float32
    (nq, dim). `find` searches the very graph, so it goes in two rounds: a quarter of the queries, searched broadly,
    make it good enough to find the neighbours of all of them.
    """
    few = queries[: max(1, len(queries) // 4)]
    _bridge_round(graph, vectors, find(few, NEAREST, 512))
    _bridge_round(graph, vectors, find(queries, NEAREST, 256))


def _bridge_round(graph: FaissIndex, vectors: FloatArray, nearest: KeyArray) -> None:
    nearest = nearest[(nearest >= 0).all(axis=1)]
    bottom = BottomLayer(graph)
    pairs = [
        missing_links(nearest[start : start + BLOCK], vectors, bottom.links) for start in range(0, len(nearest), BLOCK)
    ]
    bottom.add(np.concatenate([np.empty((0, 2), np.int64), *pairs]))


def missing_links(nearest: KeyArray, vectors: FloatArray, links: Neighbours) -> Pairs:
    """The links, int64 (n, 2), that connect the nodes of each row of `nearest` (nq, k).

    Prim's algorithm on all rows at once: the maximum spanning tree by inner product, where a link that is there, in
    either direction, beats any that is not. `links` is int32 (nodes, slots), EMPTY where a slot is free.
    """
    count, k = nearest.shape
    rows = np.arange(count)
    near = vectors[nearest]
    there = (links[nearest][:, :, None, :] == nearest[:, None, :, None]).any(axis=3)
    there |= there.transpose(0, 2, 1)
    strength = np.matmul(near, near.transpose(0, 2, 1)) + np.where(there, np.float32(4), np.float32(0))
    joined = np.zeros((count, k), np.bool_)
    joined[:, 0] = True
    best, parent = strength[:, 0].copy(), np.zeros((count, k), np.int64)
    missing = []
    for _ in range(k - 1):
        child = np.where(joined, -np.inf, best).argmax(axis=1)
        source = parent[rows, child]
        new = ~there[rows, child, source]
        missing.append(np.stack([nearest[rows, child][new], nearest[rows, source][new]], axis=1))
        joined[rows, child] = True
        closer = strength[rows, child] > best
        best = np.where(closer, strength[rows, child], best)
        parent = np.where(closer, child[:, None], parent)
    return np.concatenate(missing)
