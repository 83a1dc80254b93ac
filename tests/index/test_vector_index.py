"""The contract of `VectorIndex`, on every implementation, against a NumPy oracle."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import unit_vectors

from retrieval.index.faiss_wheel import faiss
from retrieval.index.flat import FlatIndex
from retrieval.index.hnsw import HnswIndex
from retrieval.rowset import RowSet
from retrieval.types import NO_KEY, HnswParams

ROWS, DIM = 600, 16
VECTORS = unit_vectors(ROWS, DIM)
QUERIES = unit_vectors(20, DIM, seed=1)


def oracle(k: int, allowed: np.ndarray | None = None) -> np.ndarray:
    scores = QUERIES @ VECTORS.T
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    return np.argsort(-scores, axis=1)[:, :k]


def mapped_hnsw(folder) -> HnswIndex:
    built = HnswIndex.build(VECTORS, HnswParams(16, 100))
    built.save(str(folder / "graph"))
    flat = faiss.IndexFlatIP(DIM)
    flat.add(VECTORS)
    faiss.write_index(flat, str(folder / "vectors"))
    return HnswIndex.open(str(folder / "graph"), faiss.read_index(str(folder / "vectors"), faiss.IO_FLAG_MMAP_IFC))


@pytest.fixture(params=["flat", "hnsw", "mapped hnsw"])
def index(request, tmp_path):
    if request.param == "flat":
        return FlatIndex.of(VECTORS)
    return HnswIndex.build(VECTORS, HnswParams(16, 100)) if request.param == "hnsw" else mapped_hnsw(tmp_path)


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
    index = HnswIndex.build(VECTORS, HnswParams(16, 100))
    found = index.search(QUERIES, k=100, ef_search=1)
    shares = [len(set(row) & set(truth)) / 100 for row, truth in zip(found.keys, oracle(100), strict=True)]
    assert np.mean(shares) > 0.95


def test_builds_are_deterministic(tmp_path):
    for name in ("a", "b"):
        HnswIndex.build(VECTORS, HnswParams(8, 40)).save(str(tmp_path / name))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_searching_does_not_change_the_shared_index():
    index = HnswIndex.build(VECTORS, HnswParams(4, 20))
    before = index.search(QUERIES, k=5, ef_search=5)
    index.search(QUERIES, k=5, ef_search=500)
    np.testing.assert_array_equal(index.search(QUERIES, k=5, ef_search=5).keys, before.keys)
