"""Plans by hand on small certificates, and what holds for all of them; certificates by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from helpers import unit_vectors
from hypothesis import given
from hypothesis import strategies as st

from retrieval.certificate import Certificate, Curve, Point, Recall
from retrieval.index import crossings
from retrieval.index.crossings import mixes
from retrieval.index.generation import GenerationView
from retrieval.index.segment import Segment, write_segment
from retrieval.index.storage import GraphPlan
from retrieval.search import certify as certifying
from retrieval.search.certify import certify
from retrieval.search.planner import EXACT, MOST_EF, Ask, Choice, alternatives, choose
from retrieval.search.samples import Sample
from retrieval.segments import Generation
from retrieval.types import HnswParams
from retrieval.vectors import unit

ROWS = 100_000


def recall(low: float) -> Recall:
    return Recall((1 + low) / 2, low, 1.0)


def point(ef_search: int, low: float, low_100: float | None = None, *, found: float | None = None) -> Point:
    """A millisecond for 100 candidates."""
    at_100 = None if low_100 is None else recall(low_100)
    return Point(ef_search, recall(low), at_100, found or float(ef_search), 1e-5 * ef_search)


TEXT = Curve("text", 1.0, 300, (point(10, 0.5), point(50, 0.9), point(100, 0.97, 0.9), point(500, 0.995, 0.97)))
IMAGE = Curve("image", 1.0, 300, (point(10, 0.9), point(50, 0.98), point(100, 0.99, 0.95), point(500, 0.999, 0.99)))
TENTH = Curve("text", 0.1, 300, (point(100, 0.9, found=5), point(300, 0.98, found=15), point(500, 0.99, found=25)))
CERTIFICATE = Certificate(ROWS, 1e-7, (TEXT, IMAGE, TENTH))  # exact search of all rows takes 10 ms


def plan(certificate=CERTIFICATE, *, k=10, allowed=None, modality="text", ef=None, target=0.95, rows=ROWS) -> Choice:
    return choose(Ask(k, rows, allowed, modality, ef, target, 64), certificate)


@pytest.mark.parametrize(
    ("asked", "strategy", "ef_search", "low"),
    [
        ({}, "hnsw", 100, 0.97),
        ({"target": 0.9}, "hnsw", 50, 0.9),
        ({"target": 0.999}, "exact", 0, 1.0),  # nothing reaches it
        ({"rows": 5_000}, "exact", 0, 1.0),  # half a millisecond
        ({"modality": "image"}, "hnsw", 50, 0.98),
        ({"modality": None}, "hnsw", 100, 0.97),  # the curve that needs more
        ({"modality": None, "target": 0.999}, "exact", 0, 1.0),  # images would do with 500
        ({"k": 50}, "hnsw", 500, 0.97),  # by the recall of a hundred
        ({"k": 100, "target": 0.99}, "exact", 0, 1.0),
        ({"k": 200}, "hnsw", 1_000, None),  # in proportion to a hundred hits
        ({"k": 200, "target": 0.98}, "exact", 0, 1.0),
        ({"allowed": 70_000}, "hnsw", 500, 0.99),  # the next lower selectivity; 300 has too few candidates to spare
        ({"allowed": 60_000}, "exact", 0, 1.0),  # six milliseconds: five are not clearly less
        ({"allowed": 10_000, "target": 0.9}, "exact", 0, 1.0),  # a millisecond
        ({"allowed": 5_000}, "exact", 0, 1.0),  # nothing was measured at so few
        ({"allowed": 60_000, "modality": "image"}, "exact", 0, 1.0),  # nothing was measured at all
        ({"allowed": 0}, "exact", 0, 1.0),
        ({"ef": 70}, "hnsw", 70, 0.9),  # what is known of 50 holds
        ({"ef": 3, "k": 20}, "hnsw", 20, None),  # raised to k
        ({"ef": 120, "modality": None}, "hnsw", 120, 0.97),  # the lesser of the two
        ({"ef": 120, "k": 100, "modality": "image"}, "hnsw", 120, 0.95),
        ({"ef": 64, "allowed": 50_000}, "hnsw", 128, None),
        ({"ef": 64, "allowed": 10_000}, "exact", 0, 1.0),
        ({"ef": 10_000, "allowed": 50_000}, "hnsw", MOST_EF, None),
        ({"ef": 64, "allowed": 20_000, "k": 5_000}, "exact", 0, 1.0),  # no walk has that many to spare
        ({"target": None}, "hnsw", 64, 0.9),  # the collection's own number
        ({"target": None, "certificate": None}, "hnsw", 64, None),
        ({"certificate": None}, "hnsw", 64, None),
        ({"certificate": None, "k": 200}, "hnsw", 200, None),
        ({"certificate": Certificate(ROWS, 1e-7, (IMAGE,))}, "hnsw", 256, None),  # texts need more than images
    ],
)
def test_plans_by_hand(asked, strategy, ef_search, low):
    choice = plan(**asked)
    assert (choice.strategy, choice.ef_search) == (strategy, ef_search)
    assert (choice.certified.low if choice.certified else None) == low


def test_a_filtered_search_of_a_graph_reaches_more_than_a_low_target():
    half = Curve("text", 0.5, 300, (point(100, 0.95), point(200, 0.99)))
    assert plan(Certificate(ROWS, 1e-7, (TEXT, half)), allowed=60_000, target=0.9) == Choice("hnsw", 200, recall(0.99))


lows = st.sampled_from([0.3, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0])
points = st.lists(st.tuples(st.sampled_from([10, 20, 64, 100, 256, 1024]), lows, lows, st.floats(0, 1)), min_size=1)


@st.composite
def curves(draw) -> Curve:
    by_ef = {ef: (low, low_100, share) for ef, low, low_100, share in draw(points)}
    measured = (point(ef, a, b if ef >= 100 else None, found=ef * share) for ef, (a, b, share) in sorted(by_ef.items()))
    return Curve(draw(st.sampled_from(["text", "image"])), draw(st.sampled_from([1.0, 0.5, 0.1])), 300, tuple(measured))


@given(
    st.lists(curves(), min_size=1, max_size=5),
    st.integers(1, 100),
    st.none() | st.integers(0, ROWS),
    st.sampled_from([None, "text", "image"]),
    st.sampled_from([0.5, 0.9, 0.98, 0.999]),
    st.sampled_from([1e-9, 1e-7, 1e-5]),
)
def test_a_recall_that_is_claimed_is_surely_the_target_and_was_measured(some, k, allowed, modality, target, row_cost):
    certificate = Certificate(ROWS, row_cost, tuple(some))
    choice = plan(certificate, k=k, allowed=allowed, modality=modality, target=target)
    if choice.certified is None:
        measured = {curve.modality for curve in some if curve.selectivity == 1 or allowed is not None}
        assert choice.strategy == "hnsw"
        assert modality not in measured or modality is None, "a modality that was measured has a certified plan"
        return
    assert choice.certified.low >= target
    assert choice == EXACT or any(
        one.ef_search == choice.ef_search and one.at(k) == choice.certified for curve in some for one in curve.points
    )


def test_json_there_and_back():
    assert Certificate.from_json(json.loads(json.dumps(CERTIFICATE.as_json()))) == CERTIFICATE


def test_a_certificate_reaches_what_every_modality_surely_has():
    assert CERTIFICATE.reaches(0.995)  # texts do at 500; filtered curves do not count
    assert not CERTIFICATE.reaches(0.996)
    assert CERTIFICATE.curve("text", 0.4) == TENTH
    assert CERTIFICATE.curve("text", 0.09) is None
    assert CERTIFICATE.curve("image", 0.4) is None
    assert TEXT.at(9) is None
    assert TEXT.at(99) == TEXT.points[1]


def view_of(tmp_path, vectors, plan=None) -> GenerationView:
    written = write_segment(tmp_path, "image", np.arange(1, len(vectors) + 1), vectors, plan=plan)
    return GenerationView(Generation(1), [Segment(tmp_path, written)], np.empty(0, np.int64), revision=1)


def test_an_image_that_asks_is_left_out_of_its_own_answer(tmp_path, monkeypatch):
    """Six unit vectors in the plane. A walk of 2 candidates that never comes to the fifth: recall by hand."""
    angles = np.radians([0, 10, 25, 45, 70, 100])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    view = view_of(tmp_path, vectors, GraphPlan(HnswParams(4, 8), "full"))
    (segment,) = view.segments
    found = {
        1: [1, 2], 2: [2, 1], 3: [3, 2], 4: [4, 3], 5: [4, 6], 6: [6, 4],
    }  # fmt: skip  # each first, but for 5; of each, its nearest other: 2, 1, 2, 3, 4 and, missed, 5

    class Walk:
        rows = 6

        def search(self, queries, *, k, ef_search, allowed=None):
            exact = segment.exact.search(queries, k=6)
            asking = [1 + int(np.argmax(vectors @ query)) for query in queries]
            keys = np.array([[key - 1 for key in found[one]] for one in asking])[:, :k]
            scores = np.take_along_axis(queries @ vectors.T, keys, 1)
            assert exact.keys.shape[1] == 6
            return type(exact)(keys, scores.astype(np.float32))

    monkeypatch.setattr(segment, "index", Walk())
    monkeypatch.setattr(certifying, "HITS", 1)
    monkeypatch.setattr(certifying, "EF_SEARCH", (1,))
    monkeypatch.setattr(certifying, "SELECTIVITIES", ())
    sample = Sample(vectors, np.arange(1, 7))
    (curve,) = certify(view, "image", {"image": sample}).curves
    assert curve.queries == 6
    assert curve.points[0].at_10.value == pytest.approx(5 / 6)
    (curve,) = certify(view, "image", {"text": Sample(vectors)}).curves  # texts have no answer of their own
    assert curve.points[0].at_10.value == pytest.approx(5 / 6), "all but the fifth find themselves"


def test_of_a_sample_and_its_mixes_the_lesser_recall_counts(tmp_path, monkeypatch):
    """Six tight clusters that nothing links: queries in one of them find all, those between them one of their sides."""
    monkeypatch.setattr(crossings, "ROUNDS", ())
    monkeypatch.setattr(certifying, "EF_SEARCH", (16,))
    monkeypatch.setattr(certifying, "SELECTIVITIES", ())
    vectors = unit(unit_vectors(6, 16)[np.arange(900) % 6] + 0.1 * unit_vectors(900, 16, seed=1))
    view = view_of(tmp_path, vectors, GraphPlan(HnswParams(8, 40), "full"))
    mixed = mixes(vectors, 100, np.random.default_rng(0))

    def recall_at_10(sample):
        return certify(view, "image", {"text": sample}).curves[0].points[0].at_10.value

    alone, between = recall_at_10(Sample(vectors[:100])), recall_at_10(Sample(mixed))
    assert between < alone - 0.05
    assert recall_at_10(Sample(vectors[:100], mixes=mixed)) == between
    assert recall_at_10(Sample(mixed, mixes=vectors[:100])) == between


def test_only_what_a_graph_holds_is_measured(tmp_path):
    vectors = unit_vectors(60, 8)
    sample = {"image": Sample(vectors[:30], np.arange(1, 31))}
    assert certify(view_of(tmp_path, vectors), "image", sample) is None
    with_graph = view_of(tmp_path, vectors, GraphPlan(HnswParams(8, 40), "full"))
    assert certify(with_graph, "caption", sample) is None
    assert certify(with_graph, "image", {}) is None
    measured = certify(with_graph, "image", sample)
    assert (measured.rows, measured.curve("image").selectivity) == (60, 1.0)
    assert measured.seconds_a_row > 0


def test_how_fast_exact_search_is_says_nothing_of_what_a_graph_can_reach(tmp_path, monkeypatch):
    vectors = unit_vectors(300, 8)
    view = view_of(tmp_path, vectors, GraphPlan(HnswParams(8, 40), "sq8@3"))
    monkeypatch.setattr(certifying, "_seconds_a_row", lambda *_: 1e-12)
    monkeypatch.setattr(certifying._Asked, "_seconds", lambda *_: 1.0)
    measured = certify(view, "image", {"image": Sample(vectors[:100], np.arange(1, 101))})
    (curve,) = measured.curves  # with a filter, exact search is known to be the better one
    assert curve.points[0].at_10.low < 0.9
    assert measured.reaches(0.95)
    assert plan(measured, modality="image", rows=300) == EXACT


def test_alternatives_are_what_was_measured_for_so_many_hits():
    def ways(k: int, *, allowed: int | None = None, modality="text") -> list[tuple]:
        found = alternatives(Ask(k, ROWS, allowed, modality, None, 0.95, 64), CERTIFICATE)
        return [(one.modality, one.ef_search, round(one.seconds, 6), one.recall.low) for one in found]

    exact = (None, None, 0.01, 1.0)
    text = [("text", 100, 0.001, 0.9), ("text", 500, 0.005, 0.97)]
    image = [("image", 100, 0.001, 0.95), ("image", 500, 0.005, 0.99)]
    assert ways(20) == [exact, *text]
    assert ways(20, modality=None) == [exact, *image, *text]
    tenth = [("text", 100, 0.001, 0.9), ("text", 300, 0.003, 0.98), ("text", 500, 0.005, 0.99)]
    assert ways(10, allowed=20_000) == [(None, None, 0.002, 1.0), *tenth]
    assert ways(200) == [exact]
