"""A segment: an immutable set of vectors on disk, with their keys, and with a graph when there are many.

Files are mapped, not read: opening costs milliseconds whatever the size, and processes share the pages. What a walk
through a graph touches is read ahead meanwhile.

| role | what | when |
|---|---|---|
| `keys` | NumPy int64 (rows,), ascending | always |
| `vectors` | FAISS flat index, float32 (nodes, dim) | always |
| `nodes` | NumPy int32 (rows,): the vector of each row | when several rows have the same vector |
| `graph` | FAISS HNSW over the nodes, links alone | when there are many |
| `basis`, `codes` | NumPy (dim, reduced), FAISS: see `retrieval.index.codes` | with a graph that has codes |
| `attributes` | columns, read by the first filter: see `retrieval.search.columns` | 10,000 images and more, merged |
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import numpy as np

from retrieval.errors import CorruptionError
from retrieval.index.bridges import bridge
from retrieval.index.coded import CodedIndex
from retrieval.index.codes import Codes
from retrieval.index.crossings import connect_clusters
from retrieval.index.distinct import NodeArray, RowsOfNodes, distinct
from retrieval.index.faiss_wheel import FaissIndex, faiss
from retrieval.index.files import COLUMNS, Damage, check_size, damage_of, read_ahead, write_file
from retrieval.index.gpu import build_graph_on_gpu, nearest_on_gpu
from retrieval.index.hnsw import HnswIndex, build_graph, open_graph, save_graph
from retrieval.index.projection import fit_projection
from retrieval.index.scan import exact_index
from retrieval.index.sizes import coarsened
from retrieval.index.storage import AUTO, GraphPlan, choose_code, parse_storage
from retrieval.protocols import VectorIndex
from retrieval.segments import SegmentFile, SegmentInfo
from retrieval.types import CodeParams, FloatArray, KeyArray, VectorKind


def write_segment(
    folder: Path,
    kind: VectorKind,
    keys: KeyArray,
    vectors: FloatArray,
    *,
    plan: GraphPlan | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> SegmentInfo:
    """Write a segment durably and return what the database has to know (with `segment_id` 0: it has none yet).

    `keys` is int64 (rows,), ascending; `vectors` float32 (rows, dim), unit length. With `plan` a graph is built;
    `on_progress` gets the number of vectors linked so far.

    Raises:
        GpuError: the plan is to build on the GPU, which it cannot.
    """
    rows, node_of = distinct(vectors)
    nodes = np.ascontiguousarray(vectors[rows] if len(rows) < len(vectors) else vectors, np.float32)
    flat = faiss.IndexFlatIP(nodes.shape[1])
    flat.add(nodes)
    files = [
        write_keys(folder, keys),
        write_file(folder, "vectors", lambda path: faiss.write_index(flat, str(path))),
    ]
    if len(rows) < len(vectors):
        files.append(write_file(folder, "nodes", lambda path: _save_array(path, node_of)))
    code = None
    if plan:
        code, more = _write_graph(folder, nodes, flat, plan, on_progress)
        files.extend(more)
    dim = nodes.shape[1]
    return SegmentInfo(0, kind, len(keys), dim, len(nodes), tuple(files), plan.hnsw if plan else None, code)


def _write_graph(
    folder: Path, nodes: FloatArray, flat: FaissIndex, plan: GraphPlan, on_progress: Callable[[int], None] | None
) -> tuple[CodeParams | None, list[SegmentFile]]:
    """Code, link and bridge the nodes; returns the code that was chosen, and the files."""
    files = []
    basis = fit_projection(nodes, plan.queries)
    code = _code(nodes, basis, plan)
    codes = Codes.of(nodes, basis, code) if code else None
    if codes:
        files.append(write_file(folder, "basis", codes.save_basis))
        files.append(write_file(folder, "codes", codes.save_codes))
    compared = codes.project(nodes) if codes else nodes
    if plan.gpu:
        graph = build_graph_on_gpu(nodes, plan.hnsw, on_progress=on_progress)
    else:
        graph = build_graph(compared, plan.hnsw, on_progress=on_progress)
    if len(nodes) > 1:
        connect_clusters(graph, compared)
    if plan.queries is not None and len(plan.queries) and len(nodes) > 1:
        index = HnswIndex(graph, codes.index if codes else flat, nodes, codes)

        def nearest(queries: FloatArray, k: int, ef_search: int) -> KeyArray:
            if plan.gpu:
                return nearest_on_gpu(nodes, queries, k)
            return index.search(queries, k=k, ef_search=ef_search).keys

        bridge(graph, nodes, plan.queries, nearest)
    files.append(write_file(folder, "graph", lambda path: save_graph(graph, path)))
    return code, files


def _code(nodes: FloatArray, basis: FloatArray, plan: GraphPlan) -> CodeParams | None:
    if plan.storage != AUTO:
        return parse_storage(plan.storage, nodes.shape[1])
    chosen = choose_code(nodes, basis, plan.queries)
    if plan.memory is None:
        return chosen
    return coarsened(chosen, plan.memory, rows=len(nodes), dim=nodes.shape[1], m=plan.hnsw.m)


class Segment:
    """An open segment. Searching it is safe from several threads."""

    def __init__(self, folder: Path, info: SegmentInfo) -> None:
        self.info = info
        paths = {file.role: check_size(folder, file) for file in info.files if file.role != COLUMNS}
        try:
            if info.hnsw:
                read_ahead([paths[file.role] for file in _resident(info)])
            self.keys: KeyArray = np.load(paths["keys"], mmap_mode="r")
            self._node_of: NodeArray | None = np.load(paths["nodes"], mmap_mode="r") if "nodes" in paths else None
            flat = faiss.read_index(str(paths["vectors"]), faiss.IO_FLAG_MMAP_IFC)
            self._nodes: FloatArray = _mapped_vectors(paths["vectors"], info)
            self.exact: VectorIndex = self._over_rows(exact_index(flat, self._nodes))
            self._codes = Codes.open(paths["basis"], paths["codes"]) if "codes" in paths else None
            self.index = self._over_rows(self._open_graph(paths["graph"], flat)) if info.hnsw else self.exact
        except (OSError, RuntimeError, ValueError) as error:
            raise CorruptionError(f"segment {info.segment_id} cannot be read: run `retrieval repair`") from error

    @property
    def has_graph(self) -> bool:
        """Whether it is searched approximately."""
        return self.info.hnsw is not None

    @cached_property
    def coded(self) -> VectorIndex:
        """Exhaustive search of the codes, for evaluations; exact search where there are none."""
        return self.exact if self._codes is None else self._over_rows(CodedIndex(self._codes, self._nodes))

    def positions(self, keys: KeyArray) -> KeyArray:
        """Row numbers of those of the ascending `keys` that are in this segment, int64 (n,)."""
        rows = np.searchsorted(self.keys, keys)
        inside = rows < len(self.keys)
        rows, keys = rows[inside], keys[inside]
        return np.asarray(rows[self.keys[rows] == keys], np.int64)

    def vectors(self, rows: KeyArray) -> FloatArray:
        """The vectors of rows, float32 (n, dim)."""
        return np.asarray(self._nodes[rows if self._node_of is None else self._node_of[rows]])

    def _open_graph(self, links: Path, flat: FaissIndex) -> HnswIndex:
        return HnswIndex(open_graph(links), self._codes.index if self._codes else flat, self._nodes, self._codes)

    def _over_rows(self, nodes: VectorIndex) -> VectorIndex:
        return nodes if self._node_of is None else RowsOfNodes(nodes, self._node_of)


def write_keys(folder: Path, keys: KeyArray) -> SegmentFile:
    """Write the keys of a segment, int64 (rows,), durably; the same keys give the same file."""
    return write_file(folder, "keys", lambda path: _save_array(path, keys))


def read_keys(folder: Path, info: SegmentInfo) -> KeyArray:
    """The keys of a segment, ascending int64 (rows,), whatever its other files are like."""
    (file,) = (file for file in info.files if file.role == "keys")
    return np.asarray(np.load(check_size(folder, file)), np.int64)


def damages(folder: Path, info: SegmentInfo, *, checksums: bool = True) -> list[Damage]:
    """Every file of a segment that is not as it was written; without `checksums` only sizes are compared."""
    found = (damage_of(folder, file, checksum=checksums) for file in info.files)
    return [damage for damage in found if damage]


def total_bytes(info: SegmentInfo) -> int:
    """Size on disk."""
    return sum(file.size for file in info.files)


def resident_bytes(info: SegmentInfo) -> int:
    """What searches go through, and is best in memory: the codes stand for the vectors where there are codes."""
    return sum(file.size for file in _resident(info))


def _resident(info: SegmentInfo) -> list[SegmentFile]:
    left_out = {COLUMNS, "vectors"} if info.codes else {COLUMNS}
    return [file for file in info.files if file.role not in left_out]


def _save_array(path: Path, array: KeyArray | NodeArray) -> None:
    with path.open("wb") as file:
        np.save(file, array)


def _mapped_vectors(path: Path, info: SegmentInfo) -> FloatArray:
    """The vectors as an array over the same file: FAISS writes them last, after a short header."""
    size = info.nodes * info.dim * 4
    return np.memmap(path, np.float32, "r", offset=path.stat().st_size - size, shape=(info.nodes, info.dim))
