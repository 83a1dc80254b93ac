"""A FAISS with a GPU, for machines without: what the GPU would build, FAISS builds on the CPU, by L2 as CAGRA does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Literal

import numpy as np

from retrieval.index.bottom_layer import BottomLayer
from retrieval.index.faiss_wheel import faiss

Fault = Literal["out of memory", "failure", "random links"]


class FakeGpuFaiss:
    """All of FAISS, and the names that the GPU wheel has more; `fault` is what goes wrong, `built` what was built."""

    graph_build_algo_NN_DESCENT = "nn-descent"  # noqa: N815
    graph_build_algo_IVF_PQ = "ivf-pq"  # noqa: N815
    GpuIndexCagraConfig = SimpleNamespace
    StandardGpuResources = SimpleNamespace

    def __init__(self, *, gpus: int = 1, fault: Fault | None = None) -> None:
        self.gpus = gpus
        self.fault = fault
        self.built: list[FakeCagra] = []
        self.asked_exactly = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(faiss, name)

    def get_num_gpus(self) -> int:
        return self.gpus

    def GpuIndexCagra(self, resources: object, dim: int, metric: int, config: SimpleNamespace) -> FakeCagra:  # noqa: N802
        self.built.append(FakeCagra(dim, metric, config, self.fault))
        return self.built[-1]

    def knn_gpu(
        self, resources: object, queries: np.ndarray, vectors: np.ndarray, k: int, *, metric: int, **limits: int
    ):
        assert limits.keys() == {"vectorsMemoryLimit", "queriesMemoryLimit"}
        self.asked_exactly += len(queries)
        return faiss.knn(queries, vectors, k, metric=metric)


class FakeCagra:
    def __init__(self, dim: int, metric: int, config: SimpleNamespace, fault: Fault | None) -> None:
        self.metric = metric
        self.config = config
        self.fault = fault
        self.graph = faiss.IndexHNSWFlat(dim, config.graph_degree // 2, metric)

    def train(self, vectors: np.ndarray) -> None:
        if self.fault == "out of memory":
            raise MemoryError("std::bad_alloc: out_of_memory")
        if self.fault == "failure":
            raise RuntimeError("Error in CuvsCagra\nand a stack trace")
        self.graph.add(vectors)
        if self.fault == "random links":
            bottom = BottomLayer(self.graph)
            bottom.links[bottom.links >= 0] = np.random.default_rng(0).permutation(bottom.links[bottom.links >= 0])
            bottom.add(np.empty((0, 2), np.int64))

    def copyTo(self, target: Any) -> None:  # noqa: N802
        assert not target.base_level_only
        target.d, target.ntotal, target.hnsw = self.graph.d, self.graph.ntotal, self.graph.hnsw
