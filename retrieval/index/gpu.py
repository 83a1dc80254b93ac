"""Graphs linked on the GPU: CAGRA (Ootomo et al., ICDE 2024), turned into the HNSW graph that all else takes.

CAGRA is built on the whole vectors, by L2: of unit vectors that ranks as the inner product does, which has known faults
there (cuVS issue 841). A search walks the links over whatever codes there are. Why not CAGRA itself: docs/adr/0005.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from retrieval.errors import DependencyError, GpuError
from retrieval.index.faiss_wheel import FaissIndex, faiss
from retrieval.settings import IndexDevice
from retrieval.types import FloatArray, HnswParams, KeyArray

log = logging.getLogger(__name__)

LEAST_ROWS = 50_000
"""Below, the CPU is quick too (and FAISS hangs on 3 or 4 rows: its issue 4260)."""
CANDIDATES = 4
"""Nearest neighbours for each link of a node, among which its links are chosen."""
OVERHEAD = 3 * 2**30
"""Device bytes that CUDA, FAISS (1.5 GiB) and the work on one batch take, whatever the number of vectors."""
KNN_VECTOR_BYTES, KNN_QUERY_BYTES = 2**31, 2**30
"""Device bytes of one block of vectors and of one block of queries in an exact search."""


@dataclass(frozen=True, slots=True)
class CagraPlan:
    """A graph of `degree` links a node, chosen among `candidates` neighbours that an `algorithm` of FAISS finds."""

    degree: int
    candidates: int
    algorithm: str


def has_gpu_code() -> bool:
    """Whether the FAISS that is installed is the one of the extra [gpu]."""
    return hasattr(faiss, "GpuIndexCagra")


def why_unavailable() -> str | None:
    """Why there is no GPU to build with, and the remedy; None if there is one."""
    if not has_gpu_code():
        return (
            "the FAISS that is installed has no GPU code: pip uninstall faiss-cpu, "
            "then pip install 'multimodal-retrieval[gpu]'"
        )
    if not faiss.get_num_gpus():
        return "FAISS finds no GPU: see whether nvidia-smi lists one, with a driver for CUDA 13.2 or later"
    return None


def should_build(rows: int, device: IndexDevice) -> bool:
    """Whether a graph of so many rows is to be built on the GPU; where that is a surprise, the log says why not.

    Raises:
        DependencyError: `device` is "cuda" and there is none.
    """
    if device == "cpu":
        return False
    reason = why_unavailable()
    if reason is None:
        return rows >= LEAST_ROWS
    if device == "cuda":
        raise DependencyError(f"RETRIEVAL_INDEX_DEVICE=cuda: {reason}")
    if has_gpu_code():
        log.warning("%s; graphs are built on the CPU", reason)
    return False


def build_graph_on_gpu(
    vectors: FloatArray, params: HnswParams, *, on_progress: Callable[[int], None] | None = None
) -> FaissIndex:
    """Link float32 (rows, dim) of length 1 into a FAISS HNSW graph for inner products, without the vectors.

    On the bottom layer a node has `m` links and, as in any graph of `m`, `2 * m` slots: CAGRA fills all that it is
    given, and bridges need free ones. Unlike graphs of the CPU it is not the same one every time.

    Raises:
        GpuError: too few rows, too little memory, or FAISS failed.
    """
    if len(vectors) < LEAST_ROWS:
        raise GpuError(f"{len(vectors):,} different vectors are too few for the GPU")
    rows, dim = vectors.shape
    plan = choose_plan(rows, dim, params.m, _free_bytes())
    try:
        cagra = _cagra(vectors, plan, params.ef_construction)
    except (RuntimeError, MemoryError) as error:  # what FAISS raises for all that goes wrong in C++ and CUDA
        raise GpuError(f"the GPU build failed ({_first_line(error)})") from error
    if on_progress:
        on_progress(rows)
    return _widened(cagra, params.m)


def nearest_on_gpu(vectors: FloatArray, queries: FloatArray, k: int) -> KeyArray:
    """The k rows of `vectors` (rows, dim) with the largest inner products with each query, exactly: int64 (nq, k).

    Both stay in main memory, and pass through the GPU in blocks.

    Raises:
        GpuError: FAISS failed.
    """
    try:
        _, rows = faiss.knn_gpu(
            faiss.StandardGpuResources(),
            np.ascontiguousarray(queries, np.float32),
            vectors,
            k,
            metric=faiss.METRIC_INNER_PRODUCT,
            vectorsMemoryLimit=KNN_VECTOR_BYTES,
            queriesMemoryLimit=KNN_QUERY_BYTES,
        )
    except (RuntimeError, MemoryError) as error:
        raise GpuError(f"exact search on the GPU failed ({_first_line(error)})") from error
    return np.asarray(rows, np.int64)


def choose_plan(rows: int, dim: int, m: int, free: int | None) -> CagraPlan:
    """NN-descent where it fits into `free` bytes (None: unknown), else IVF-PQ, else `GpuError`.

    cuVS itself prefers in this order. NN-descent compares halves of the vectors, IVF-PQ codes of at most a byte a
    dimension, so its neighbours are less exact but it needs less.
    """
    degree = m + m % 2  # FAISS takes half of it for the layers above
    for algorithm in ("NN_DESCENT", "IVF_PQ"):
        plan = CagraPlan(degree, CANDIDATES * degree, algorithm)
        if free is None or device_bytes(rows, dim, plan) <= free:
            return plan
    raise GpuError(
        f"{rows:,} vectors need {_gib(device_bytes(rows, dim, plan))} on the GPU, {_gib(free or 0)} are free"
    )


def device_bytes(rows: int, dim: int, plan: CagraPlan) -> int:
    """An estimate of the most device memory that a build takes at a time.

    The float32 vectors stay there throughout; beside them first the neighbours are found (cuVS 26.06,
    `nn_descent::has_enough_device_memory` and the IVF-PQ page of its guide), then the links chosen (its CAGRA page,
    plus the graph's reverse).
    """
    finding = 2 * dim + 664 if plan.algorithm == "NN_DESCENT" else dim + 8
    choosing = 4 + 5 * plan.candidates + 8 * plan.degree
    return OVERHEAD + rows * (4 * dim + max(finding, choosing))


def _cagra(vectors: FloatArray, plan: CagraPlan, ef_construction: int) -> FaissIndex:
    """The CAGRA graph as an HNSW graph by L2, whose upper layers FAISS links on the CPU."""
    config = faiss.GpuIndexCagraConfig()
    config.graph_degree = plan.degree
    config.intermediate_graph_degree = plan.candidates
    config.build_algo = getattr(faiss, f"graph_build_algo_{plan.algorithm}")
    config.guarantee_connectivity = True
    cagra = faiss.GpuIndexCagra(faiss.StandardGpuResources(), vectors.shape[1], faiss.METRIC_L2, config)
    cagra.train(vectors)
    graph = faiss.IndexHNSWCagra()
    graph.base_level_only = False
    graph.hnsw.efConstruction = ef_construction
    cagra.copyTo(graph)
    return graph


def _widened(narrow: FaissIndex, m: int) -> FaissIndex:
    """The same layers and links in an HNSW graph for inner products that has the slots of `m`.

    `hnsw` as a whole cannot be handed over: it remembers by which metric it compares.
    """
    graph = faiss.IndexHNSWFlat(narrow.d, m, faiss.METRIC_INNER_PRODUCT)
    old, new = narrow.hnsw, graph.hnsw
    most = new.cum_nneighbor_per_level.size() - 1  # a graph of fewer links may be higher: its top goes
    levels = np.minimum(faiss.vector_to_array(old.levels), most)
    faiss.copy_array_to_vector(levels, new.levels)
    new.prepare_level_tab(len(levels), True)
    starts, new_starts = (faiss.vector_to_array(hnsw.offsets).astype(np.int64) for hnsw in (old, new))
    links, new_links = (faiss.vector_to_array(hnsw.neighbors) for hnsw in (old, new))
    new.entry_point, new.max_level = old.entry_point, min(old.max_level, most - 1)
    for level in range(new.max_level + 1):
        nodes = np.flatnonzero(levels > level)
        slots = np.arange(old.nb_neighbors(level))
        places = (starts[nodes] + old.cum_nb_neighbors(level))[:, None] + slots
        new_places = (new_starts[nodes] + new.cum_nb_neighbors(level))[:, None] + slots
        new_links[new_places] = links[places]
    faiss.copy_array_to_vector(new_links, new.neighbors)
    graph.ntotal = len(levels)
    return graph


def _free_bytes() -> int | None:
    """Free memory of the first GPU; None where torch, which FAISS is not built on, sees none."""
    import torch

    return int(torch.cuda.mem_get_info(0)[0]) if torch.cuda.is_available() else None


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]


def _gib(count: int) -> str:
    return f"{count / 2**30:.1f} GiB"
