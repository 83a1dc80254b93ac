"""The layer of a graph that holds all nodes, and free slots in which links can be added once it is built."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrieval.index.faiss_wheel import FaissIndex, faiss

EMPTY = -1

Pairs = NDArray[np.int64]
"""Nodes to be linked with one another: (n, 2)."""
Neighbours = NDArray[np.int32]
"""The links of every node: (nodes, slots), EMPTY where a slot is free. Those that are not come first."""


class BottomLayer:
    """The links of all nodes on level 0 of a FAISS HNSW graph in memory: a copy, until it is written back."""

    def __init__(self, graph: FaissIndex) -> None:
        self._graph = graph
        self._all = faiss.vector_to_array(graph.hnsw.neighbors)
        offsets = faiss.vector_to_array(graph.hnsw.offsets)[:-1].astype(np.int64)
        self._places = offsets[:, None] + np.arange(graph.hnsw.nb_neighbors(0))
        self.links: Neighbours = self._all[self._places]

    def add(self, pairs: Pairs) -> None:
        """Link pairs in both directions, as far as there are free slots; no first is linked to its second yet."""
        add_links(self.links, pairs)
        self._all[self._places] = self.links
        faiss.copy_array_to_vector(self._all, self._graph.hnsw.neighbors)


def add_links(links: Neighbours, pairs: Pairs) -> None:
    """Write pairs into free slots in both directions; of each node, those first that are among `pairs` most often."""
    both = np.concatenate([pairs, pairs[:, ::-1]])
    codes, wanted = np.unique(both[:, 0] * len(links) + both[:, 1], return_counts=True)
    codes = codes[np.lexsort((-wanted, codes // len(links)))]
    source, target = np.divmod(codes, len(links))
    place = np.arange(len(source)) - np.searchsorted(source, source)
    slot = np.count_nonzero(links != EMPTY, axis=1)[source] + place
    fits = slot < links.shape[1]
    links[source[fits], slot[fits]] = target[fits]
