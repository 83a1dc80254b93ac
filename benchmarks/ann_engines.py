"""The indexes that are measured side by side, each behind one small adapter.

An adapter builds its index into a folder, opens it from there, and searches: `search(queries, k, ef)` takes float32
(nq, dim) and returns row numbers (nq, k). `threads` sets how many it may use from then on.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, Protocol

import faiss
import hnswlib
import numpy as np
from usearch.index import Index as UsearchIndex

from retrieval.index.segment import Segment, write_segment
from retrieval.index.storage import GraphPlan
from retrieval.types import FloatArray, HnswParams, KeyArray

M = 32
EF_CONSTRUCTION = 200


class Engine(Protocol):
    """Peers have no use for the sample."""

    def build(self, vectors: FloatArray, sample: FloatArray, folder: Path, threads: int) -> None:
        """Index float32 (rows, dim); `sample` float32 (n, dim) are queries like those that will come (of texts)."""

    def open(self, folder: Path) -> None: ...

    def threads(self, count: int) -> None: ...

    def search(self, queries: FloatArray, k: int, ef: int) -> KeyArray: ...


class Ours:
    """A segment of this library: `storage` as in `retrieval.index.storage`."""

    def __init__(self, storage: str = "auto", *, sampled: bool = True) -> None:
        self._storage = storage
        self._sampled = sampled

    def build(self, vectors: FloatArray, sample: FloatArray, folder: Path, threads: int) -> None:
        self.threads(threads)
        plan = GraphPlan(HnswParams(M, EF_CONSTRUCTION), self._storage, sample if self._sampled else None)
        info = write_segment(folder, "image", np.arange(len(vectors)), vectors, plan=plan)
        (folder / "info.pickle").write_bytes(pickle.dumps(info))

    def open(self, folder: Path) -> None:
        self._index = Segment(folder, pickle.loads((folder / "info.pickle").read_bytes())).index

    def threads(self, count: int) -> None:
        faiss.omp_set_num_threads(count)

    def search(self, queries: FloatArray, k: int, ef: int) -> KeyArray:
        return self._index.search(queries, k=k, ef_search=ef).keys


class Faiss:
    """`IndexHNSWFlat`, float32."""

    def build(self, vectors: FloatArray, sample: FloatArray, folder: Path, threads: int) -> None:  # noqa: ARG002
        self.threads(threads)
        index = faiss.IndexHNSWFlat(vectors.shape[1], M, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = EF_CONSTRUCTION
        index.add(vectors)
        faiss.write_index(index, str(folder / "index"))

    def open(self, folder: Path) -> None:
        self._index = faiss.read_index(str(folder / "index"))

    def threads(self, count: int) -> None:
        faiss.omp_set_num_threads(count)

    def search(self, queries: FloatArray, k: int, ef: int) -> KeyArray:
        return self._index.search(queries, k, params=faiss.SearchParametersHNSW(efSearch=ef))[1]  # type: ignore[no-any-return]


class Hnswlib:
    """hnswlib, float32."""

    def build(self, vectors: FloatArray, sample: FloatArray, folder: Path, threads: int) -> None:  # noqa: ARG002
        index = hnswlib.Index("ip", vectors.shape[1])
        index.init_index(len(vectors), M=M, ef_construction=EF_CONSTRUCTION, random_seed=100)
        index.add_items(vectors, num_threads=threads)
        index.save_index(str(folder / "index"))
        np.save(folder / "dim.npy", vectors.shape[1])

    def open(self, folder: Path) -> None:
        self._index = hnswlib.Index("ip", int(np.load(folder / "dim.npy")))
        self._index.load_index(str(folder / "index"))

    def threads(self, count: int) -> None:
        self._threads = count

    def search(self, queries: FloatArray, k: int, ef: int) -> KeyArray:
        self._index.set_ef(ef)
        return self._index.knn_query(queries, k, num_threads=self._threads)[0].astype(np.int64)  # type: ignore[no-any-return]


class Usearch:
    """usearch; `dtype` None is its default."""

    def __init__(self, dtype: str | None) -> None:
        self._dtype = dtype

    def build(self, vectors: FloatArray, sample: FloatArray, folder: Path, threads: int) -> None:  # noqa: ARG002
        index = self._empty(vectors.shape[1])
        index.add(np.arange(len(vectors)), vectors, threads=threads)
        index.save(folder / "index")
        np.save(folder / "dim.npy", vectors.shape[1])

    def open(self, folder: Path) -> None:
        self._index = self._empty(int(np.load(folder / "dim.npy")))
        self._index.load(folder / "index")

    def threads(self, count: int) -> None:
        self._threads = count

    def search(self, queries: FloatArray, k: int, ef: int) -> KeyArray:
        self._index.expansion_search = ef
        asked: Any = queries[0] if len(queries) == 1 else queries
        found = self._index.search(asked, k, threads=self._threads)
        return np.asarray(found.keys, np.int64).reshape(len(queries), -1)

    def _empty(self, dim: int) -> UsearchIndex:
        return UsearchIndex(ndim=dim, metric="ip", dtype=self._dtype, connectivity=M, expansion_add=EF_CONSTRUCTION)


OURS = "ours"
ENGINES: dict[str, Engine] = {
    OURS: Ours(),
    "ours, no sample": Ours(sampled=False),
    "ours, full": Ours("full"),
    "faiss": Faiss(),
    "hnswlib": Hnswlib(),
    "usearch": Usearch(None),
    "usearch f32": Usearch("f32"),
}
PEERS = ("faiss", "hnswlib", "usearch", "usearch f32")
