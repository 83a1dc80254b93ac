"""The recall that a collection promises is kept whatever is near to a query: not allowed, deleted, or a copy."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import unit_vectors

from retrieval.index import compaction
from retrieval.index.generation import GenerationView
from retrieval.search import certify, planner
from retrieval.settings import Settings
from retrieval.types import HnswParams, IndexParams, ModelReference, external_spec
from retrieval.vectors import unit
from retrieval.workspace import Workspace

DIM, ROWS, CLUSTERS, K = 32, 6_000, 80, 10
QUERIES = 25
SWEEP = (10, 24, 64, 128, 256, 512, 1024)


def clustered() -> tuple[np.ndarray, np.ndarray]:
    """Vectors and queries about the same centres, float32 (n, DIM)."""
    rng = np.random.default_rng(0)
    centres = 2 * unit_vectors(CLUSTERS, DIM, seed=1)
    spread = 0.5 * unit_vectors(ROWS + QUERIES, DIM, seed=2) * np.sqrt(DIM / 8)
    vectors = unit((centres[rng.integers(CLUSTERS, size=ROWS + QUERIES)] + spread).astype(np.float32))
    return vectors[:ROWS], vectors[ROWS:]


VECTORS, ASKED = clustered()
SCORES = ASKED @ VECTORS.T
RANKS = np.argsort(np.argsort(-SCORES, axis=1), axis=1)
RANDOM = np.random.default_rng(3).random((QUERIES, ROWS))


@pytest.fixture(scope="module", params=["full", "fp16@24"])
def collection(request, tmp_path_factory):
    """One graph, and a tail of a few hundred vectors beside it. Exact search counts as slow, so graphs are taken."""
    with pytest.MonkeyPatch.context() as patches, Workspace(settings(tmp_path_factory.mktemp("data"))) as workspace:
        patches.setattr(compaction, "EXACT_ROWS", 1_000)
        patches.setattr(certify, "EF_SEARCH", SWEEP)
        patches.setattr(certify, "_seconds_a_row", lambda *_: 1.0)
        patches.setattr(certify._Asked, "_seconds", lambda self, ef_search, allowed: 1e-6 * ef_search)
        made = create(workspace, request.param)
        add(made, range(5_600))
        made.compact()
        add(made, range(5_600, ROWS))
        yield made


def settings(folder):
    return Settings(data_dir=folder, database_url=None)


def create(workspace, storage):
    index = IndexParams(HnswParams(16, 100), storage, target_recall=0.98)
    return workspace.create("c", external_spec("test", DIM), ModelReference("external"), index=index)


def add(collection, rows):
    collection.add_vectors([str(row) for row in rows], VECTORS[rows.start : rows.stop])


def recall(collection, among: np.ndarray) -> tuple[float, list[str]]:
    """Mean recall@10 of the planned searches of all queries, bool (QUERIES, ROWS) allowed to each, and their plans."""
    view = collection.views.latest()
    keys, shares, plans = view.keys("image"), [], []
    for query, mask in enumerate(among):
        found, plan = collection.engine.nearest(ASKED[query : query + 1], k=K, allowed=keys[mask], modality="image")
        wanted = np.sort(SCORES[query][mask])[::-1][:K]
        shares.append(np.count_nonzero(found.scores[0] >= wanted[-1] - 1e-5) / len(wanted))
        plans.append(plan.strategy)
    return float(np.mean(shares)), plans


@pytest.mark.parametrize("share", [0.9, 0.7, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.001])
def test_filters_of_every_selectivity_random_and_against_the_query(collection, share):
    allowed = round(share * ROWS)
    at_random = np.argsort(RANDOM, axis=1).argsort(axis=1) < allowed
    far = RANKS + allowed >= ROWS
    hollow = at_random & (RANKS >= 200)
    for among in (at_random, far, hollow):
        assert recall(collection, among)[0] >= 0.99
    if share >= 0.1:
        assert recall(collection, at_random)[1].count("hnsw") >= 0.8 * QUERIES, "else this would prove nothing"
        assert set(recall(collection, far)[1]) == {"exact"}


def test_a_filter_that_keeps_what_is_far_soon_costs_no_walk(collection, monkeypatch):
    """Of 40 searches of one filter, three and every sixteenth walk; once others are asked, the graph is taken again."""
    walks = []
    original = GenerationView.walk

    def walk(self, *arguments, **options):
        walks.append(options.get("index", "served"))
        return original(self, *arguments, **options)

    monkeypatch.setattr(GenerationView, "walk", walk)
    monkeypatch.setattr(planner, "EXACT_ALLOWED", 0)
    view = collection.views.latest()
    far = RANKS[0] >= ROWS // 2
    allowed = view.allow_keys("image", view.keys("image")[far])
    opposite = ASKED[np.argmax([np.count_nonzero(far[np.argsort(-scores)[:500]]) for scores in SCORES])]

    def plan(query: np.ndarray, **options) -> str:
        return collection.engine.nearest(query[None], k=K, allowed=allowed, modality="image", **options)[1].strategy

    assert {plan(ASKED[0]) for _ in range(40)} == {"exact"}
    assert walks.count("served") == 3 + 2
    walks.clear()
    plan(ASKED[0], ef_search=64)
    assert walks.count("served") == 1, "who asks for candidates gets them"
    plans = [plan(opposite) for _ in range(100)]
    assert plans[0] == "exact"
    assert plans[-30:].count("hnsw") >= 28


def test_deletions_of_what_is_near(tmp_path, monkeypatch):
    """Whole neighbourhoods die, and nothing is compacted."""
    monkeypatch.setattr(compaction, "EXACT_ROWS", 1_000)
    monkeypatch.setattr(certify, "EF_SEARCH", SWEEP)
    monkeypatch.setattr(certify, "_seconds_a_row", lambda *_: 1.0)
    with Workspace(settings(tmp_path)) as workspace:
        collection = create(workspace, "fp16")
        add(collection, range(ROWS))
        collection.compact()
        for near in (30, 150):
            dead = np.unique(np.argsort(-SCORES, axis=1)[::2, :near])
            collection.delete([str(row) for row in dead])
            live = np.ones(ROWS, np.bool_)
            live[dead] = False
            results = [collection.search(vector=asked, k=K) for asked in ASKED]
            wanted = [np.sort(scores[live])[::-1][K - 1] for scores in SCORES]
            found = [[hit.score >= last - 1e-5 for hit in one.hits] for one, last in zip(results, wanted, strict=True)]
            assert np.mean(found) >= 0.99
            plans = [one.plan.strategy for one in results]
            assert set(plans[::2]) == {"exact"}, "all candidates are dead"
            assert plans[1::2].count("hnsw") > QUERIES / 4, "where few died, the graph is enough"


def test_a_document_that_asks_is_no_hit_that_needs_more_candidates(collection):
    """The ten that are like it are searched for with what was certified for ten, itself left out."""
    stored = collection.vectors(["17"])[0]
    like, bare = collection.similar("17", k=K), collection.engine.nearest(stored[None], k=K, modality="image")[1]
    assert (like.plan.strategy, like.plan.certified_at) == ("hnsw", 10)
    assert like.plan.ef_search == max(bare.ef_search, K + 1), "a walk keeps itself among its candidates"
    assert len(like.hits) == K
