import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.evaluation import Qrel, Qrels, Run, ScoredDoc, parse_measure
from retrieval.evaluation.measures import MEASURES, NDCG, Hit, Recall
from retrieval.evaluation.ranks import rank_relevant

JUDGED = {
    "graded": {"a": 3, "b": 2, "c": 0, "d": 1, "e": -1},
    "silent": {"a": 1},
    "nothing relevant": {"a": 0, "b": -1},
}
RETURNED = {
    "graded": {"c": 5, "a": 4, "x": 3, "d": 2, "e": 1},
    "nothing relevant": {"a": 2, "b": 1},
    "not judged": {"a": 1},
}


def qrels_of(judged):
    return Qrels.from_judgements(Qrel(q, d, r) for q, docs in judged.items() for d, r in docs.items())


def run_of(returned):
    return Run.from_scored(ScoredDoc(q, d, s) for q, docs in returned.items() for d, s in docs.items())


def scores(text, judged=JUDGED, returned=RETURNED, **known):
    return parse_measure(text).per_query(rank_relevant(qrels_of(judged), run_of(returned), **known)).tolist()


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        ("hit@1", [0, 0, 0]),
        ("hit@2", [1, 0, 0]),
        ("recall@3", [1 / 3, 0, 0]),
        ("recall@4", [2 / 3, 0, 0]),
        ("precision@4", [1 / 2, 0, 0]),
        ("precision@10", [2 / 10, 0, 0]),  # an empty place is not a relevant document
        ("AP", [(1 / 2 + 2 / 4) / 3, 0, 0]),
        ("AP@2", [(1 / 2) / 3, 0, 0]),
        ("RR", [1 / 2, 0, 0]),
        ("RR@1", [0, 0, 0]),
        ("nDCG@2", [(3 / np.log2(3)) / (3 + 2 / np.log2(3)), 0, 0]),
        ("nDCG", [(3 / np.log2(3) + 1 / np.log2(5)) / (3 + 2 / np.log2(3) + 1 / np.log2(4)), 0, 0]),
        ("median_rank", [2, 6, 6]),  # the longest list has five results
        ("mean_rank@3", [2, 4, 4]),
        ("mean_rank@1", [2, 2, 2]),
    ],
)
def test_by_hand(measure, expected):
    assert scores(measure) == pytest.approx(expected)


def test_a_perfect_order_scores_one():
    judged = {"q": {"a": 3, "b": 2, "c": 2, "d": 1, "e": 0}}
    returned = {"q": {"a": 9, "c": 8, "b": 7, "d": 6, "e": 5}}
    for measure in ("hit@1", "recall@4", "precision@4", "AP", "RR", "nDCG", "nDCG@2", "median_rank", "mean_rank"):
        assert scores(measure, judged, returned) == [1.0], measure


def test_true_ranks_stand_in_beyond_the_lists_only():
    judged = {"found": {"a": 1}, "far": {"b": 1}, "lost": {"a": 1}, "hopeless": {"a": 0}}
    returned = {"found": {"x": 2, "a": 1}, "far": {"x": 2, "y": 1}, "lost": {"x": 2, "y": 1}}
    true_first = {"found": 1, "far": 40, "lost": 1, "hopeless": 0}
    assert scores("median_rank", judged, returned, true_first=true_first) == [2, 40, 3, 3]
    assert scores("median_rank@10", judged, returned, true_first=true_first) == [2, 11, 3, 11]
    assert scores("RR", judged, returned, true_first=true_first) == [0.5, 0, 0, 0]
    with pytest.raises(InputError, match="no true rank for query 'far'"):
        scores("median_rank", judged, returned, true_first={"found": 1})


def test_every_measure_prints_as_it_parses():
    for measure in [kind(cutoff) for kind in MEASURES for cutoff in (1, 10, 1000)]:
        assert parse_measure(str(measure)) == measure
        assert parse_measure(f" {str(measure).upper()} ") == measure
    for kind in MEASURES:
        if not kind.needs_cutoff:
            assert parse_measure(str(kind())) == kind()
    assert len({str(kind(10)) for kind in MEASURES}) == len(MEASURES)


def test_what_papers_call_recall_is_a_hit():
    assert parse_measure("R@10") == Hit(10) != Recall(10)
    assert parse_measure("recall@10") == Recall(10)
    assert str(parse_measure("r@5")) == "hit@5"
    assert [str(parse_measure(text)) for text in ("MAP", "mAP@5", "MRR", "P@3", "MedR")] == [
        "AP", "AP@5", "RR", "precision@3", "median_rank",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["", "hits@3", "nDCG@", "nDCG@x", "nDCG@-1", "nDCG@1.5", "@5", "AP@9999999999", "AP @3"]
)
def test_text_that_is_no_measure_says_what_there_is(text):
    with pytest.raises(InputError, match=r"unknown measure .*hit@k, recall@k"):
        parse_measure(text)


def test_cut_offs_that_mean_nothing():
    with pytest.raises(InputError, match=r"hit needs a cut-off; write hit@10"):
        parse_measure("hit")
    with pytest.raises(InputError, match=r"nDCG@0: a cut-off is at least 1"):
        NDCG(0)
