"""Exact search by a scan of codes with an exact re-check, beside FAISS IndexFlatIP on the same vectors, in turns.

    python -m benchmarks.exact_scan [--rows 200000] [--rounds 15] --work DIR

One query at a time and 1,000 at once, of images and of texts, on all cores. Vectors are made (benchmarks/clip_like.py)
and stay in DIR. Medians over the rounds; the scores of both are compared.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
import torch  # noqa: F401  matrix products of bfloat16 are its own, and a search alone does not load it

from benchmarks.ann_data import K, prepare
from retrieval.index.faiss_wheel import faiss
from retrieval.index.scan import ScanIndex
from retrieval.types import FloatArray


def seconds(work: Callable[[], object]) -> float:
    """Of one call."""
    started = perf_counter()
    work()
    return perf_counter() - started


def compare(flat: faiss.IndexFlatIP, scan: ScanIndex, queries: FloatArray, rounds: int) -> dict[str, float]:
    """Milliseconds of a call of each, (nq, dim) at once, and how many times as fast the scan is."""
    exact, _ = flat.search(queries, K)
    np.testing.assert_allclose(scan.search(queries, k=K).scores, exact, atol=1e-5)
    times = np.array(
        [(seconds(lambda: flat.search(queries, K)), seconds(lambda: scan.search(queries, k=K))) for _ in range(rounds)]
    )
    of_flat, of_scan = np.median(times, axis=0) * 1000
    return {"flat ms": round(of_flat, 1), "scan ms": round(of_scan, 1), "times": round(of_flat / of_scan, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--work", type=Path, required=True, help="folder for the vectors")
    arguments = parser.parse_args()
    data = prepare(arguments.work / f"clip-{arguments.rows}", "clip", arguments.rows)
    vectors = np.array(data.vectors)
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    scan = ScanIndex(flat, vectors, codes_after=0)
    scan.search(vectors[:1], k=K)  # makes the codes
    results = {}
    for name, queries in data.queries.items():
        results[f"{name}, 1"] = compare(flat, scan, queries.vectors[:1], 4 * arguments.rounds)
        results[f"{name}, {len(queries.vectors):,}"] = compare(flat, scan, queries.vectors, arguments.rounds)
    print(json.dumps({"rows": arguments.rows, "threads": faiss.omp_get_max_threads(), **results}, indent=1))


if __name__ == "__main__":
    main()
