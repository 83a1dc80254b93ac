"""The contract of `VectorIndex`, on every implementation, against a NumPy oracle."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import recall_of, unit_vectors

from retrieval.index.bridges import missing_links
from retrieval.index.distinct import distinct
from retrieval.index.faiss_wheel import faiss
from retrieval.index.flat import FlatIndex
from retrieval.index.hnsw import HnswIndex, build_graph
from retrieval.index.segment import Segment, write_segment
from retrieval.index.storage import GraphPlan
from retrieval.rowset import RowSet
from retrieval.types import NO_KEY, HnswParams
from retrieval.vectors import unit

ROWS, DIM = 600, 16
VECTORS = unit_vectors(ROWS, DIM)
QUERIES = unit_vectors(20, DIM, seed=1)


def oracle(k: int, allowed: np.ndarray | None = None) -> np.ndarray:
    scores = QUERIES @ VECTORS.T
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    return np.argsort(-scores, axis=1)[:, :k]


def graph_of(params: HnswParams) -> HnswIndex:
    flat = faiss.IndexFlatIP(DIM)
    flat.add(VECTORS)
    return HnswIndex(build_graph(VECTORS, params), flat, VECTORS)


def segment_of(folder, storage: str, vectors=VECTORS) -> Segment:
    plan = GraphPlan(HnswParams(16, 100), storage)
    return Segment(folder, write_segment(folder, "image", np.arange(len(vectors)), vectors, plan=plan))


@pytest.fixture(params=["flat", "hnsw", "full", "fp16", "sq8@12", "rq4@16", "auto"])
def index(request, tmp_path):
    """In memory, and mapped from a segment's files with every way to code them."""
    match request.param:
        case "flat":
            return FlatIndex.of(VECTORS)
        case "hnsw":
            return graph_of(HnswParams(16, 100))
        case storage:
            return segment_of(tmp_path, storage).index


def test_finds_the_nearest_rows_with_their_cosines(index):
    found = index.search(QUERIES, k=5, ef_search=ROWS)
    assert found.keys.dtype == np.int64
    assert found.scores.dtype == np.float32
    np.testing.assert_array_equal(found.keys, oracle(5))
    np.testing.assert_allclose(found.scores, np.take_along_axis(QUERIES @ VECTORS.T, found.keys, 1), atol=1e-6)


@pytest.mark.parametrize("share", [0.5, 0.1, 0.02])
def test_returns_only_allowed_rows(index, share):
    allowed = np.random.default_rng(2).random(ROWS) < share
    found = index.search(QUERIES, k=5, ef_search=ROWS, allowed=RowSet.of_mask(allowed))
    np.testing.assert_array_equal(found.keys, oracle(5, allowed))


def test_a_filter_that_allows_fewer_than_k_rows_leaves_empty_slots_at_the_end(index):
    allowed = RowSet.of_rows(np.array([3, 500]), ROWS)
    found = index.search(QUERIES, k=5, ef_search=ROWS, allowed=allowed)
    assert set(found.keys[0][:2]) == {3, 500}
    assert (found.keys[:, 2:] == NO_KEY).all()
    assert np.isneginf(found.scores[:, 2:]).all()


def test_k_above_the_number_of_rows_returns_all_of_them(index):
    found = index.search(QUERIES[:1], k=ROWS + 50, ef_search=10)
    assert found.keys.shape == (1, ROWS)


def test_ef_search_below_k_is_raised_to_k():
    # measured: k=200 at ef_search 16 would give a recall of 0.30
    found = graph_of(HnswParams(16, 100)).search(QUERIES, k=100, ef_search=1)
    shares = [len(set(row) & set(truth)) / 100 for row, truth in zip(found.keys, oracle(100), strict=True)]
    assert np.mean(shares) > 0.95


def test_builds_are_deterministic(tmp_path):
    plan = GraphPlan(HnswParams(8, 40), "auto", QUERIES)
    one, other = (write_segment(tmp_path, "image", np.arange(ROWS), VECTORS, plan=plan) for _ in range(2))
    assert one == other


def test_searching_does_not_change_the_shared_index():
    index = graph_of(HnswParams(4, 20))
    before = index.search(QUERIES, k=5, ef_search=5)
    index.search(QUERIES, k=5, ef_search=500)
    np.testing.assert_array_equal(index.search(QUERIES, k=5, ef_search=5).keys, before.keys)


@pytest.mark.parametrize("storage", ["full", "fp16@12"])
def test_copies_share_a_node_and_are_all_found(tmp_path, storage):
    rng = np.random.default_rng(3)
    copied = np.where(rng.random(ROWS) < 0.8, rng.integers(0, 5, ROWS), np.arange(ROWS))
    vectors = VECTORS[copied]
    segment = segment_of(tmp_path, storage, vectors)
    assert segment.info.nodes == len(np.unique(copied)) < ROWS / 3
    np.testing.assert_array_equal(segment.vectors(np.arange(ROWS)), vectors)
    allowed = RowSet.of_mask(rng.random(ROWS) < 0.5)
    scores = QUERIES @ VECTORS.T[:, copied]
    for rows in (None, allowed):
        wanted = scores if rows is None else np.where(rows.mask, scores, -np.inf)
        truth = np.argsort(-wanted, axis=1, kind="stable")[:, :200]
        for index in (segment.index, segment.exact):
            found = index.search(QUERIES, k=200, ef_search=ROWS, allowed=rows)
            np.testing.assert_array_equal(found.keys, truth)


def test_vectors_whose_hashes_collide_are_told_apart(monkeypatch):
    monkeypatch.setattr("retrieval.index.distinct._hashes", lambda vectors: np.zeros(len(vectors), np.uint64))
    vectors = np.array([[1, 0], [0, 1], [1, 0]], np.float32)
    rows, node_of = distinct(vectors)
    assert (rows.tolist(), node_of.tolist()) == ([0, 1], [0, 1, 0])


def test_bridges_connect_what_a_query_has_in_common():
    near = np.array([[0, 1, 2, 3]])
    vectors = np.array([[1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]], np.float32)
    links = np.full((4, 2), -1, np.int32)
    links[0, 0], links[2, 0] = 1, 3  # two islands
    assert missing_links(near, vectors, links).tolist() == [[3, 1]]


def test_bridges_raise_the_recall_of_queries_from_outside(tmp_path):
    rng = np.random.default_rng(4)
    basis = np.linalg.qr(rng.standard_normal((32, 32)))[0]
    images = unit(rng.standard_normal((3000, 32)) @ basis * np.geomspace(1, 0.05, 32)).astype(np.float32)
    texts = unit(rng.standard_normal((1200, 32)) * np.geomspace(0.05, 1, 32)).astype(np.float32)

    def recall(queries):
        plan = GraphPlan(HnswParams(8, 40), "full", queries)
        segment = Segment(tmp_path, write_segment(tmp_path, "image", np.arange(3000), images, plan=plan))
        return recall_of(segment, texts[:200], k=10, ef_search=20)

    assert recall(texts[200:]) > recall(None) + 0.1


def test_queries_between_tight_clusters_find_what_lies_in_each_of_them(tmp_path):
    """Nobody has asked such before: the graph is not given any queries."""
    rng = np.random.default_rng(1)
    centres = unit(rng.standard_normal((5, 32)))
    vectors = unit(centres[np.arange(2_000) % 5] + 0.2 * unit(rng.standard_normal((2_000, 32)))).astype(np.float32)
    one, other = rng.permuted(np.tile(np.arange(5), (300, 1)), axis=1)[:, :2].T
    between = unit(centres[one] + centres[other] + 0.06 * unit(rng.standard_normal((300, 32)))).astype(np.float32)
    plan = GraphPlan(HnswParams(8, 40), "full")
    written = [write_segment(tmp_path, "image", np.arange(2_000), vectors, plan=plan) for _ in range(2)]
    assert written[0] == written[1]
    assert recall_of(Segment(tmp_path, written[0]), between, k=10, ef_search=100) > 0.99  # 0.82 as HNSW links them
