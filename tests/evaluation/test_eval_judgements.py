import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.evaluation import Qrel, Qrels, Run, ScoredDoc


def order(run, query="q"):
    return [result.doc_id for result in run.results(query)]


def test_the_best_come_first_and_ties_go_by_descending_id():
    scored = [("b", 1.0), ("a10", 2.0), ("c", 1.0), ("a9", 2.0), ("é", 1.0), ("z", 3.0)]
    for results in (scored, scored[::-1]):
        run = Run.from_scored(ScoredDoc("q", doc, score) for doc, score in results)
        assert order(run) == ["z", "a9", "a10", "é", "c", "b"]


def test_scores_that_are_equal_as_float32_are_ties():
    run = Run.from_scored([ScoredDoc("q", "a", 0.5 + 1e-12), ScoredDoc("q", "b", 0.5)])
    assert order(run) == ["b", "a"]


def test_all_ways_to_build_a_run_agree():
    queries, names = ["q1", "q2", "q3"], ["x", "b", "unused", "a"]
    keys = np.array([[0, 1, 3], [3, -1, -1], [-1, -1, -1]])
    scores = np.array([[0.1, 0.7, 0.7], [0.2, -np.inf, -np.inf], [-np.inf] * 3], np.float32)
    objects = np.array([["x", "b", "a"], ["a", None, None], [None] * 3], object)
    expected = [
        ScoredDoc("q1", "b", scores[0, 1]),
        ScoredDoc("q1", "a", scores[0, 2]),
        ScoredDoc("q1", "x", scores[0, 0]),
    ]
    expected.append(ScoredDoc("q2", "a", scores[1, 0]))
    neighbours = Run.from_neighbours(queries, names, keys, scores)
    arrays = Run.from_arrays(queries, objects, scores)
    texts = Run.from_arrays(queries, np.where(objects == None, "", objects).astype(str), scores)  # noqa: E711
    for run in (neighbours, arrays, texts, Run.from_scored(expected[::-1])):
        assert run.results("q1") + run.results("q2") == expected
        assert run.doc_ids == ("a", "b", "x")
        assert run.depth == 3
    assert neighbours.query_ids == ("q1", "q2", "q3")
    assert neighbours.results("q3") == neighbours.results("nowhere") == []


def test_rows_in_any_order_end_up_the_same():
    random = np.random.default_rng(1)
    queries, docs = np.divmod(random.permutation(40 * 30), 30)
    scores = random.integers(0, 5, len(queries)) / 4
    run = Run.from_columns([f"q{i}" for i in range(40)], [f"d{i}" for i in range(30)], queries, docs, scores)
    by_hand = {f"q{i}": [] for i in range(40)}
    for query, doc, score in zip(queries, docs, scores, strict=True):
        by_hand[f"q{query}"].append((score, f"d{doc}"))
    assert [(r.score, r.doc_id) for r in run] == [
        pair for rows in by_hand.values() for pair in sorted(rows, reverse=True)
    ]


def test_qrels_come_back_as_they_went_in():
    given = [Qrel("q2", "b", 0), Qrel("q1", "a", 3), Qrel("q2", "a", -1)]
    qrels = Qrels.from_judgements(given)
    assert list(qrels) == [given[2], given[0], given[1]]  # queries as they came, documents by id
    assert len(qrels) == 3
    assert qrels.judgements("q3") == []


@pytest.mark.parametrize("score", [np.nan, np.inf, -np.inf, 1e39])
def test_a_score_must_be_a_finite_float32(score):
    with pytest.raises(InputError, match=r"document 'd', query 'q': the score is not a finite number"):
        Run.from_scored([ScoredDoc("q", "c", 1), ScoredDoc("q", "d", score)])


def test_a_document_twice_for_a_query_is_refused():
    with pytest.raises(InputError, match=r"document 'd' is given twice for query 'q2'"):
        Run.from_scored(
            [ScoredDoc("q1", "d", 1), ScoredDoc("q2", "d", 1), ScoredDoc("q2", "c", 1), ScoredDoc("q2", "d", 2)]
        )
    with pytest.raises(InputError, match=r"document 'd' is given twice for query 'q'"):
        Qrels.from_judgements([Qrel("q", "d", 1), Qrel("q", "d", 1)])


def test_columns_that_do_not_fit_are_refused():
    one = np.zeros(1, np.int64)
    with pytest.raises(InputError, match="query id 'q' is given twice"):
        Run.from_columns(["q", "q"], ["d"], one, one, [1.0])
    with pytest.raises(InputError, match="document id 'd' is given twice"):
        Run.from_columns(["q"], ["d", "d"], np.array([0, 0]), np.array([0, 1]), [1.0, 2.0])
    with pytest.raises(InputError, match="document numbers from -1 to"):
        Run.from_columns(["q"], ["d"], one, one - 1, [1.0])
    with pytest.raises(InputError, match="but there are 1 document ids"):
        Run.from_columns(["q"], ["d"], one, one + 1, [1.0])
    with pytest.raises(InputError, match="scores of shape"):
        Run.from_columns(["q"], ["d"], one, one, [1.0, 2.0])
    with pytest.raises(InputError, match="do not fit"):
        Run.from_arrays(["q"], np.array([["a", "b"]]), [[1.0]])
