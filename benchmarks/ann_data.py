"""The vectors, queries and exact answers of one measurement, made once and kept in its work folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np

from benchmarks.clip_like import Kind, World
from retrieval.types import FloatArray, KeyArray

QUERIES = 1_000
SAMPLE_SHARE = 0.2
K = 10
EXACT_BLOCK = 100_000


@dataclass(frozen=True, slots=True)
class Queries:
    """What is asked, float32 (1000, dim), and the ten nearest rows, int64 (1000, 10)."""

    vectors: FloatArray
    nearest: KeyArray


@dataclass(frozen=True, slots=True)
class Data:
    """`vectors` float32 (rows, dim) and `sample` (rows / 5, dim), texts that are not asked, are mapped from files."""

    vectors: FloatArray
    sample: FloatArray
    queries: dict[str, Queries]


def prepare(folder: Path, kind: Kind, rows: int) -> Data:
    """Make what is not there yet. The same kind and number of rows give the same data."""
    folder.mkdir(parents=True, exist_ok=True)
    world = World(kind, rows)
    streams = (
        ("vectors", world.save_images, rows),
        ("image", world.save_images, QUERIES),
        ("text", world.save_texts, QUERIES),
        ("sample", world.save_texts, int(rows * SAMPLE_SHARE)),
    )
    for stream, (name, save, count) in enumerate(streams, 1):
        path = folder / f"{name}.npy"
        if not path.exists():
            save(path.with_suffix(".part"), count, stream=stream)
            path.with_suffix(".part").rename(path)
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    sample = np.load(folder / "sample.npy", mmap_mode="r")
    return Data(vectors, sample, {name: _queries(folder, name, vectors) for name in ("image", "text")})


def _queries(folder: Path, name: str, vectors: FloatArray) -> Queries:
    asked = np.load(folder / f"{name}.npy")
    path = folder / f"{name}-nearest.npy"
    if not path.exists():
        np.save(path, _nearest(asked, vectors))
    return Queries(asked, np.load(path))


def _nearest(queries: FloatArray, vectors: FloatArray) -> KeyArray:
    """Exact, in float32, by FAISS."""
    best = faiss.ResultHeap(len(queries), K, keep_max=True)
    for start in range(0, len(vectors), EXACT_BLOCK):
        part = np.ascontiguousarray(vectors[start : start + EXACT_BLOCK])
        scores, rows = faiss.knn(queries, part, K, metric=faiss.METRIC_INNER_PRODUCT)
        best.add_result(scores, rows + start)
    best.finalize()
    return best.I  # type: ignore[no-any-return]
