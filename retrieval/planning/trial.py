"""Trying plans: graphs of the sample are built, searched through every storage, and thrown away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import numpy as np

from retrieval.index.bridges import bridge
from retrieval.index.codes import Codes
from retrieval.index.crossings import connect_clusters
from retrieval.index.faiss_wheel import FaissIndex
from retrieval.index.flat import FlatIndex
from retrieval.index.hnsw import HnswIndex, build_graph
from retrieval.index.projection import fit_projection
from retrieval.index.recall import share_found
from retrieval.index.storage import choose_code, parse_storage
from retrieval.planning.sample import PlanSample
from retrieval.types import CodeParams, FloatArray, HnswParams, KeyArray

EF_SEARCH = (10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
PLENTY = 0.999
TIMED, REPEATS = 60, 3
K = 10


@dataclass(frozen=True, slots=True)
class Trial:
    """What was measured.

    `recalls`@10 are by ef_search, of the set of queries that finds least. So are `seconds`, the median of single
    searches, each at its best of REPEATS (others may have waited for a busy machine). `build_seconds` are the graph's.
    """

    build_seconds: float
    recalls: Mapping[int, float]
    seconds: Mapping[int, float]

    def cheapest(self, target: float) -> int | None:
        """The lowest ef_search that reaches a recall; None if none does."""
        return next((ef for ef, recall in self.recalls.items() if recall >= target), None)

    def recall_at(self, ef_search: int) -> float:
        """With so many candidates; the best that was measured where so many were not tried."""
        return self.recalls.get(ef_search, max(self.recalls.values()))


@dataclass(frozen=True, slots=True)
class _Built:
    graph: FaissIndex
    seconds: float


class Trials:
    """Builds on one sample. A graph is built once for all storages of as many dimensions."""

    def __init__(self, sample: PlanSample, *, ef_construction: int) -> None:
        self._sample = sample
        self._ef_construction = ef_construction
        self._basis = fit_projection(sample.vectors, sample.tuning)
        self._flat = Codes.of(sample.vectors, np.eye(self._dim, dtype=np.float32), CodeParams(self._dim, "fp32")).index
        exact = FlatIndex.of(sample.vectors)
        self._truths = [exact.search(asked, k=K, ef_search=K) for asked in sample.asked]
        self._built: dict[tuple[int, int], _Built] = {}

    def storages(self) -> list[str]:
        """What can be compared, the most accurate first; fewer dimensions where these keep the neighbours."""
        reduced = choose_code(self._sample.vectors, self._basis, self._sample.tuning).dim
        if reduced == self._dim:
            return ["full", "fp16", "sq8", "rq4"]
        return ["full", "fp16", f"fp16@{reduced}", "sq8", f"sq8@{reduced}", "rq4"]

    def run(self, storage: str, m: int) -> Trial:
        """Build, where there is no such graph yet, and search with ever more candidates until they find plenty."""
        code = parse_storage(storage, self._dim)
        built = self._graph(code.dim if code else self._dim, m)
        index = self._index(built.graph, code)
        recalls: dict[int, float] = {}
        seconds: dict[int, float] = {}
        for ef_search in EF_SEARCH:
            recalls[ef_search] = self._recall(index, ef_search)
            seconds[ef_search] = self._seconds(index, ef_search)
            if recalls[ef_search] >= PLENTY:
                break
        return Trial(built.seconds, recalls, seconds)

    @property
    def _dim(self) -> int:
        return int(self._sample.vectors.shape[1])

    def _graph(self, dim: int, m: int) -> _Built:
        if (dim, m) not in self._built:
            started = perf_counter()
            vectors = self._sample.vectors
            if dim < self._dim:
                vectors = np.ascontiguousarray(vectors @ self._basis[:, :dim])
            graph = build_graph(vectors, HnswParams(m, self._ef_construction))
            connect_clusters(graph, vectors)
            self._bridge(graph, dim)
            self._built[dim, m] = _Built(graph, perf_counter() - started)
        return self._built[dim, m]

    def _bridge(self, graph: FaissIndex, dim: int) -> None:
        if self._sample.tuning is None:
            return
        index = self._index(graph, CodeParams(dim, "fp32") if dim < self._dim else None)

        def nearest(queries: FloatArray, k: int, ef_search: int) -> KeyArray:
            return index.search(queries, k=k, ef_search=ef_search).keys

        bridge(graph, self._sample.vectors, self._sample.tuning, nearest)

    def _index(self, graph: FaissIndex, code: CodeParams | None) -> HnswIndex:
        if code is None:
            return HnswIndex(graph, self._flat, self._sample.vectors)
        codes = Codes.of(self._sample.vectors, self._basis, code)
        return HnswIndex(graph, codes.index, self._sample.vectors, codes)

    def _recall(self, index: HnswIndex, ef_search: int) -> float:
        return min(
            float(share_found(index.search(asked, k=K, ef_search=ef_search), truth).mean())
            for asked, truth in zip(self._sample.asked, self._truths, strict=True)
        )

    def _seconds(self, index: HnswIndex, ef_search: int) -> float:
        def once(row: int) -> float:
            asked = self._sample.asked[row % len(self._sample.asked)]
            started = perf_counter()
            index.search(asked[row : row + 1], k=K, ef_search=ef_search)
            return perf_counter() - started

        rows = range(min(TIMED, len(self._sample.asked[0])))
        return median(min(once(row) for _ in range(REPEATS)) for row in rows)
