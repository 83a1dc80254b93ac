"""Exhaustive search of codes, beside what it stands for: a graph search that misses nothing."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import unit_vectors

from retrieval.index.generation import GenerationView
from retrieval.index.segment import Segment, write_segment
from retrieval.index.storage import GraphPlan
from retrieval.segments import Generation
from retrieval.types import HnswParams

ROWS, DIM, K = 400, 16, 5
VECTORS = unit_vectors(ROWS, DIM)
VECTORS[300:] = VECTORS[:100]  # copies share a node
KEYS = np.arange(1000, 1000 + 2 * ROWS, 2)
QUERIES = unit_vectors(30, DIM, seed=1)


def view_of(folder, plan):
    info = write_segment(folder, "image", KEYS, VECTORS, plan=plan)
    dead = KEYS[::7]
    return GenerationView(Generation(1, (info,)), [Segment(folder, info)], dead, revision=1)


@pytest.mark.parametrize("storage", ["fp32@6", "fp16@6", "sq8@6", "rq4@6"])
def test_candidates_are_the_best_by_their_codes(tmp_path, storage):
    view = view_of(tmp_path, GraphPlan(HnswParams(32, 200), storage))
    for allowed in (None, view.allow_keys("image", KEYS[::3])):
        options = {"k": K, "allowed": allowed}
        exact = view.search("image", QUERIES, ef_search=0, index="exact", **options)
        everyone = view.search("image", QUERIES, ef_search=ROWS, index="codes", **options)
        assert np.array_equal(everyone.keys, exact.keys), "all candidates are ranked by the full vectors"
        few = view.search("image", QUERIES, ef_search=K, index="codes", **options)
        assert not np.array_equal(few.keys, exact.keys)
        graph = view.search("image", QUERIES, ef_search=ROWS, **options)
        assert np.array_equal(graph.keys, exact.keys)


@pytest.mark.parametrize("plan", [None, GraphPlan(HnswParams(32, 200), "full")], ids=["flat", "full"])
def test_without_codes_nothing_is_lost_by_them(tmp_path, plan):
    view = view_of(tmp_path, plan)
    exact, coded = (view.search("image", QUERIES, k=K, ef_search=K, index=index) for index in ("exact", "codes"))
    assert not view.has_codes("image")
    assert np.array_equal(exact.keys, coded.keys)
