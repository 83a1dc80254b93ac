"""A segment: an immutable set of vectors on disk, with their keys, and with a graph when there are many.

Three files: `keys` (NumPy, int64, ascending), `vectors` (a FAISS flat index, float32), `graph` (FAISS HNSW without the
vectors). All are mapped, not read: opening costs milliseconds whatever the size, and processes share the pages.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from retrieval.errors import CorruptionError
from retrieval.index.faiss_wheel import faiss
from retrieval.index.files import check_digest, check_size, write_file
from retrieval.index.flat import FlatIndex
from retrieval.index.hnsw import HnswIndex
from retrieval.protocols import VectorIndex
from retrieval.types import FloatArray, HnswParams, KeyArray, SegmentFile, SegmentInfo, VectorKind

COLUMNS = "attributes"
"""Role of the one file that is not needed for searching: see `retrieval.search.columns`."""


def write_segment(
    folder: Path,
    kind: VectorKind,
    keys: KeyArray,
    vectors: FloatArray,
    *,
    hnsw: HnswParams | None = None,
    measure: Callable[[VectorIndex, VectorIndex], float] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> SegmentInfo:
    """Write a segment durably and return what the database has to know (with `segment_id` 0: it has none yet).

    `keys` is int64 (rows,), ascending; `vectors` float32 (rows, dim), unit length. With `hnsw` a graph is built, and
    `measure(graph, exact)` gives the recall to record with it.
    """
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(np.ascontiguousarray(vectors, np.float32))
    files = [
        write_file(folder, "keys", lambda path: _save_keys(path, keys)),
        write_file(folder, "vectors", lambda path: faiss.write_index(flat, str(path))),
    ]
    recall = None
    if hnsw:
        graph = HnswIndex.build(vectors, hnsw, on_progress=on_progress)
        files.append(write_file(folder, "graph", lambda path: graph.save(str(path))))
        recall = measure(graph, FlatIndex(flat)) if measure else None
    return SegmentInfo(0, kind, len(keys), vectors.shape[1], tuple(files), hnsw, recall)


class Segment:
    """An open segment. Searching it is safe from several threads."""

    def __init__(self, folder: Path, info: SegmentInfo) -> None:
        self.info = info
        paths = {file.role: check_size(folder, file) for file in info.files if file.role != COLUMNS}
        try:
            self.keys: KeyArray = np.load(paths["keys"], mmap_mode="r")
            flat = faiss.read_index(str(paths["vectors"]), faiss.IO_FLAG_MMAP_IFC)
            self.exact: VectorIndex = FlatIndex(flat)
            self.index: VectorIndex = HnswIndex.open(str(paths["graph"]), flat) if info.hnsw else self.exact
        except (RuntimeError, ValueError) as error:
            raise CorruptionError(f"segment {info.segment_id} cannot be read: run `retrieval verify`") from error
        self.vectors: FloatArray = _mapped_vectors(paths["vectors"], info)

    @property
    def has_graph(self) -> bool:
        """Whether it is searched approximately."""
        return self.info.hnsw is not None

    def positions(self, keys: KeyArray) -> KeyArray:
        """Row numbers of those of the ascending `keys` that are in this segment, int64 (n,)."""
        rows = np.searchsorted(self.keys, keys)
        inside = rows < len(self.keys)
        rows, keys = rows[inside], keys[inside]
        return np.asarray(rows[self.keys[rows] == keys], np.int64)


def verify_segment(folder: Path, info: SegmentInfo) -> None:
    """Read every file of a segment through; `CorruptionError` or `StorageError` names the first that is not right."""
    for file in info.files:
        check_digest(folder, file)


def total_bytes(files: tuple[SegmentFile, ...]) -> int:
    """Size on disk."""
    return sum(file.size for file in files)


def _save_keys(path: Path, keys: KeyArray) -> None:
    with path.open("wb") as file:
        np.save(file, keys)


def _mapped_vectors(path: Path, info: SegmentInfo) -> FloatArray:
    """The vectors as an array over the same file: FAISS writes them last, after a short header."""
    size = info.rows * info.dim * 4
    return np.memmap(path, np.float32, "r", offset=path.stat().st_size - size, shape=(info.rows, info.dim))
