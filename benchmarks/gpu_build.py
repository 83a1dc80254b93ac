"""Graphs linked on the GPU beside graphs linked on the CPU: build time, and recall@10 over ef_search.

    python -m benchmarks.gpu_build --rows 200000 1000000 --work DIR

Vectors are made (benchmarks/clip_like.py); data and segments stay in DIR. Everything but the links is the same: codes,
bridges, files. Needs a GPU and the extra [gpu], and says so where they are missing.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.ann_data import Data, K, prepare
from retrieval.index import gpu
from retrieval.index.segment import Segment, write_segment
from retrieval.index.storage import GraphPlan
from retrieval.types import HnswParams

EF_SEARCH = (32, 64, 128, 256)


def measure(data: Data, folder: Path, *, on_gpu: bool) -> tuple[float, dict[str, list[float]]]:
    """Seconds to write a segment, and by kind of query the recall@10 for each of EF_SEARCH."""
    plan = GraphPlan(HnswParams(), queries=np.asarray(data.sample), gpu=on_gpu)
    started = perf_counter()
    written = write_segment(folder, "image", np.arange(len(data.vectors)), data.vectors, plan=plan)
    seconds = perf_counter() - started
    index = Segment(folder, written).index
    recalls = {}
    for kind, queries in data.queries.items():
        found = [index.search(queries.vectors, k=K, ef_search=ef).keys for ef in EF_SEARCH]
        recalls[kind] = [float((queries.nearest[:, :, None] == keys[:, None]).any(axis=2).mean()) for keys in found]
    return seconds, recalls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[200_000])
    parser.add_argument("--work", type=Path, required=True, help="folder for data and segments")
    arguments = parser.parse_args()
    if reason := gpu.why_unavailable():
        print(f"skipped: {reason}")
        return
    for rows in arguments.rows:
        folder = arguments.work / f"clip-{rows}"
        data = prepare(folder, "clip", rows)
        for name in ("cpu", "gpu"):
            (folder / name).mkdir(exist_ok=True)
            seconds, recalls = measure(data, folder / name, on_gpu=name == "gpu")
            print(f"{rows:,} vectors, {name}: written in {seconds:.1f} s")
            for kind, values in recalls.items():
                points = ", ".join(f"{value:.4f} at {ef}" for ef, value in zip(EF_SEARCH, values, strict=True))
                print(f"  recall@{K} of {kind} queries: {points}")


if __name__ == "__main__":
    main()
