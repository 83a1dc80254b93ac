"""Links that queries need: a graph is built among images, but texts enter it from outside.

The nearest images of a text are often far from one another, and greedy search that has found one does not reach the
rest. For a sample of queries, the images nearest to each are connected among themselves: by a spanning tree that uses
the links that are there and adds the strongest that are missing. The idea is that of RoarGraph (Chen et al., PVLDB
17(11), 2024) and NGFix (Guo et al., SIGMOD 2025); the links go into slots that the graph has free.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from retrieval.index.faiss_wheel import FaissIndex, faiss
from retrieval.types import FloatArray, KeyArray

NEAREST = 16
"""Images nearest to a query that are connected."""
BLOCK = 500
EMPTY = -1

Pairs = NDArray[np.int64]
Neighbours = NDArray[np.int32]
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
    bottom = _BottomLayer(graph)
    pairs = [
        missing_links(nearest[start : start + BLOCK], vectors, bottom.links) for start in range(0, len(nearest), BLOCK)
    ]
    _add_links(bottom.links, np.concatenate([np.empty((0, 2), np.int64), *pairs]))
    bottom.write()


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


def _add_links(links: Neighbours, pairs: Pairs) -> None:
    """Write pairs into free slots in both directions, those that most queries ask for first."""
    both = np.concatenate([pairs, pairs[:, ::-1]])
    codes, wanted = np.unique(both[:, 0] * len(links) + both[:, 1], return_counts=True)
    codes = codes[np.lexsort((-wanted, codes // len(links)))]
    source, target = np.divmod(codes, len(links))
    place = np.arange(len(source)) - np.searchsorted(source, source)
    slot = np.count_nonzero(links != EMPTY, axis=1)[source] + place
    fits = slot < links.shape[1]
    links[source[fits], slot[fits]] = target[fits]


class _BottomLayer:
    """The links of all nodes on level 0 of a FAISS HNSW graph, int32 (nodes, slots)."""

    def __init__(self, graph: FaissIndex) -> None:
        self._graph = graph
        self._all = faiss.vector_to_array(graph.hnsw.neighbors)
        offsets = faiss.vector_to_array(graph.hnsw.offsets)[:-1].astype(np.int64)
        self._places = offsets[:, None] + np.arange(graph.hnsw.nb_neighbors(0))
        self.links: Neighbours = self._all[self._places]

    def write(self) -> None:
        """Put changed links back."""
        self._all[self._places] = self.links
        faiss.copy_array_to_vector(self._all, self._graph.hnsw.neighbors)
