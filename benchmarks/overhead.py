"""What a search costs beyond the call of FAISS: planning, transaction, match, metadata.

    python -m benchmarks.overhead [--rows 100000]

Searches for 10 and for 50 hits with their captions and attributes, one at a time on one thread, and the same queries
put to the segment's graph alone and to FAISS alone. Medians over queries of the fastest of several rounds: documents
that were told before are kept in memory. "first" is the median of a round with queries that nobody has asked before.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns

import numpy as np

from benchmarks.serving_catalogue import COLLECTION, fill, made_vectors, random_model
from retrieval.collection import Collection
from retrieval.index.faiss_wheel import FaissIndex, faiss
from retrieval.search.options import SearchOptions
from retrieval.search.ranking import Sought
from retrieval.settings import Settings
from retrieval.types import FloatArray
from retrieval.workspace import Workspace

QUERIES, ROUNDS = 300, 9
EF_SEARCH = 64


def first(work: Callable[[FloatArray], object], queries: FloatArray) -> float:
    """Milliseconds of one query (1, dim), each asked once."""
    times = np.empty(len(queries))
    for number in range(len(queries)):
        started = perf_counter_ns()
        work(queries[number : number + 1])
        times[number] = perf_counter_ns() - started
    return round(float(np.median(times)) / 1e6, 3)


def milliseconds(work: Callable[[FloatArray], object], queries: FloatArray) -> float:
    """Of one query (1, dim)."""
    times = np.empty((ROUNDS, len(queries)))
    for round_, number in np.ndindex(times.shape):
        query = queries[number : number + 1]
        started = perf_counter_ns()
        work(query)
        times[round_, number] = perf_counter_ns() - started
    return round(float(np.median(times.min(axis=0))) / 1e6, 3)


def measure(collection: Collection, plain: FaissIndex, queries: FloatArray) -> dict[str, float]:
    """Milliseconds of a search, at each depth."""
    (segment,) = collection.views.latest().of_kind("image")
    parameters = faiss.SearchParametersHNSW(efSearch=EF_SEARCH)
    results = {}
    again, *new = np.split(queries, 3)
    for k, unasked in zip((10, 50), new, strict=True):

        def search(query: FloatArray, k: int = k) -> object:
            return collection.engine.search(Sought(query, "image"), SearchOptions(k=k, ef_search=EF_SEARCH))

        def graph(query: FloatArray, k: int = k) -> object:
            return segment.index.search(query, k=k, ef_search=EF_SEARCH)

        def faiss_alone(query: FloatArray, k: int = k) -> object:
            return plain.search(query, k, params=parameters)

        searched, walked = milliseconds(search, again), milliseconds(graph, again)
        results |= {
            f"search, {k} hits with metadata": searched,
            f"the segment's graph alone, {k}": walked,
            f"IndexHNSWFlat.search, {k}": milliseconds(faiss_alone, again),
            f"beyond the graph, {k}": round(searched - walked, 3),
            f"beyond the graph, {k}, first": round(first(search, unasked) - walked, 3),
        }
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vectors = made_vectors(folder / "vectors.npy", arguments.rows + 3 * QUERIES)
        fill(folder, random_model(folder / "vitb32.safetensors"), vectors[: arguments.rows])
        plain = faiss.IndexHNSWFlat(vectors.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
        plain.hnsw.efConstruction = 200
        plain.add(np.array(vectors[: arguments.rows]))
        faiss.omp_set_num_threads(1)
        with Workspace(Settings(data_dir=folder, database_url=None)) as workspace:
            results = measure(workspace.open(COLLECTION), plain, np.array(vectors[arguments.rows :]))
    print(json.dumps({"rows": arguments.rows, **results}, indent=1))


if __name__ == "__main__":
    main()
