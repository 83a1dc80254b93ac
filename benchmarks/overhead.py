"""What a search costs beyond the call of FAISS: planning, transaction, match, metadata.

    python -m benchmarks.overhead [--rows 100000]

Searches for 10 and for 50 hits with their captions and attributes, one at a time on one thread, and the same queries
put to the segment's graph alone and to FAISS alone. Medians over queries of the fastest of several rounds.
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
    for k in (10, 50):
        options = SearchOptions(k=k, ef_search=EF_SEARCH)
        searched = milliseconds(lambda one, o=options: collection.engine.search(Sought(one, "image"), o), queries)  # type: ignore[misc]
        graph = milliseconds(lambda one, k=k: segment.index.search(one, k=k, ef_search=EF_SEARCH), queries)  # type: ignore[misc]
        results |= {
            f"search, {k} hits with metadata": searched,
            f"the segment's graph alone, {k}": graph,
            f"IndexHNSWFlat.search, {k}": milliseconds(
                lambda one, k=k: plain.search(one, k, params=parameters), queries
            ),  # type: ignore[misc]
            f"beyond the graph, {k}": round(searched - graph, 3),
        }
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vectors = made_vectors(folder / "vectors.npy", arguments.rows + QUERIES)
        fill(folder, random_model(folder / "vitb32.safetensors"), vectors[:-QUERIES])
        plain = faiss.IndexHNSWFlat(vectors.shape[1], 32, faiss.METRIC_INNER_PRODUCT)
        plain.hnsw.efConstruction = 200
        plain.add(np.array(vectors[:-QUERIES]))
        faiss.omp_set_num_threads(1)
        with Workspace(Settings(data_dir=folder, database_url=None)) as workspace:
            results = measure(workspace.open(COLLECTION), plain, np.array(vectors[-QUERIES:]))
    print(json.dumps({"rows": arguments.rows, **results}, indent=1))


if __name__ == "__main__":
    main()
