"""Scans of codes: what they promise of every row, and exact answers whatever the vectors are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from helpers import unit_vectors
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retrieval.index import scan
from retrieval.index.faiss_wheel import faiss
from retrieval.index.flat import FlatIndex
from retrieval.index.scan import ScanIndex, exact_index
from retrieval.index.scan_codes import ScanCodes
from retrieval.index.scan_products import best_groups
from retrieval.rowset import RowSet

SPREADS = (0.0, 1e-7, 1e-4, 1e-2, 1.0)  # equal vectors, near-ties, clusters, anything


def flat_of(vectors: np.ndarray):
    flat = faiss.IndexFlatIP(vectors.shape[1])
    flat.add(vectors)
    return flat


@st.composite
def cases(draw):
    """Vectors and queries in few directions or many, some of them equal or nearly so; allowed rows; k."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows, dim = draw(st.integers(1, 300)), draw(st.integers(1, 40))
    centres = rng.normal(size=(draw(st.integers(1, 5)), dim)) * draw(st.sampled_from([1.0, 1e-3]))
    offset = rng.normal(size=dim) * draw(st.sampled_from([0.0, 3.0]))  # a modality gap

    def some(count: int) -> np.ndarray:
        spread = draw(st.sampled_from(SPREADS))
        found = offset + centres[rng.integers(len(centres), size=count)] + spread * rng.normal(size=(count, dim))
        return (found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)).astype(np.float32)

    share = draw(st.sampled_from([None, 0.9, 0.5, 0.05, 0.0]))
    mask = np.ones(rows, bool) if share is None else rng.random(rows) < share
    allowed = None if share is None else RowSet.of_mask(mask)
    return some(rows), some(draw(st.integers(1, 9))), draw(st.integers(1, 12)), mask, allowed


NARROW = np.array([[-0.9999954, -0.00303717]] * 3 + [[-0.9999949, -0.00320506]], np.float32)


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(1, 40))
@example((NARROW, NARROW[:1], 1, np.ones(4, bool), None), 2)  # a dimension of eight float32 numbers
def test_no_row_scores_above_its_bound(case, count):
    vectors, queries, _, mask, allowed = case
    codes = ScanCodes(vectors)
    selector = None if allowed is None else faiss.IDSelectorBitmap(allowed.bitmap)
    exact = queries.astype(np.float64) @ vectors.T.astype(np.float64)
    for found in (
        codes.scan(queries, count=count, selector=selector),
        best_groups(codes, queries, count=count, allowed=allowed),
    ):
        bound = np.repeat(found.rest[:, None], len(vectors), axis=1)
        for query, (groups, upper) in enumerate(zip(found.groups, found.upper, strict=True)):
            for group, limit in zip(groups[groups >= 0], upper[groups >= 0], strict=True):
                bound[query, group * found.size : (group + 1) * found.size] = limit
        assert (exact[:, mask] <= bound[:, mask]).all()
        assert (found.upper[:, 1:] <= found.upper[:, :-1] + 1e-12).all()


@pytest.mark.parametrize("products", [False, True])
@settings(max_examples=100, deadline=None)
@given(case=cases(), candidates=st.integers(1, 6))
def test_the_answer_is_exact(case, candidates, products):
    vectors, queries, k, mask, allowed = case
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "LEAST_ROWS", 0)
        patch.setattr(scan, "LEAST_SHARE", 0)
        patch.setattr(scan, "CANDIDATES", candidates)
        patch.setattr(scan, "GROUPS", candidates)
        patch.setattr(scan, "MANY", 0)
        patch.setattr(scan, "_products", lambda: best_groups if products else None)
        found = ScanIndex(flat_of(vectors), vectors, codes_after=0).search(queries, k=k, allowed=allowed)
    exact = np.where(mask, queries.astype(np.float64) @ vectors.T.astype(np.float64), -np.inf)
    k = min(k, len(vectors))
    there = found.keys >= 0
    assert (there.sum(axis=1) == min(k, mask.sum())).all()
    np.testing.assert_allclose(found.scores, -np.sort(-exact, axis=1)[:, :k], atol=1e-6)
    own = np.take_along_axis(exact, np.where(there, found.keys, 0), 1)
    np.testing.assert_allclose(found.scores[there], own[there], atol=1e-6)
    assert all(len(set(row[row >= 0])) == (row >= 0).sum() for row in found.keys)


def test_candidates_suffice_for_vectors_as_encoders_make_them(monkeypatch):
    """A wide bound would send every query to a full search: right, and slower than without codes."""
    rng = np.random.default_rng(0)
    mean = unit_vectors(1, 64, seed=1)[0]
    spectrum = np.arange(1, 65) ** -0.4
    vectors = mean * 0.85 + 0.52 * (rng.normal(size=(20_000, 64)) * spectrum / np.linalg.norm(spectrum))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    index = ScanIndex(flat_of(vectors), vectors, codes_after=0)
    monkeypatch.delattr(FlatIndex, "search")
    for queries in (vectors[:5], vectors[:200]):
        found = index.search(queries, k=10)
        np.testing.assert_array_equal(found.keys[:, 0], np.arange(len(queries)))


def test_many_threads_search_while_codes_are_made():
    vectors, queries = unit_vectors(9_000, 32), unit_vectors(40, 32, seed=1)
    index, wanted = ScanIndex(flat_of(vectors), vectors, codes_after=3), FlatIndex.of(vectors).search(queries, k=5)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda at: index.search(queries[at : at + 1], k=5), range(40)))
    np.testing.assert_array_equal(np.vstack([one.keys for one in found]), wanted.keys)


def test_a_small_index_is_searched_in_full():
    for rows, kind in ((100, FlatIndex), (9_000, ScanIndex)):
        vectors = unit_vectors(rows, 8)
        assert isinstance(exact_index(flat_of(vectors), vectors), kind)
