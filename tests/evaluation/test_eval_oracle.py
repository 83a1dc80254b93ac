"""Every measure equals trec_eval's, which `pytrec-eval-terrier` binds."""

import numpy as np
import pytest
import pytrec_eval
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.evaluation import Qrel, Qrels, Run, ScoredDoc, evaluate, parse_measure, read_run, write_run

CUTOFFS = (1, 2, 3, 5, 10)
NAMES = {
    **{f"hit@{k}": f"success_{k}" for k in CUTOFFS},
    **{f"recall@{k}": f"recall_{k}" for k in CUTOFFS},
    **{f"precision@{k}": f"P_{k}" for k in CUTOFFS},
    **{f"nDCG@{k}": f"ndcg_cut_{k}" for k in CUTOFFS},
    **{f"AP@{k}": f"map_cut_{k}" for k in CUTOFFS},
    "nDCG": "ndcg",
    "AP": "map",
    "RR": "recip_rank",
}
WANTED = {f"{family}.{','.join(map(str, CUTOFFS))}" for family in ("success", "recall", "P", "ndcg_cut", "map_cut")}
WANTED |= {"ndcg", "map", "recip_rank"}
MEASURES = [parse_measure(name) for name in NAMES]

QUERIES = ["q1", "q2", "q10", "é"]
DOCS = ["a", "b", "B", "a1", "a10", "a9", "é", "z", "\uffff", "\U00010000", "%20", "-"]
NEAR = [0.0, -0.0, 0.25, 0.25 + 1e-12, 0.25 + 1e-6, 1.0, 1.0 + 1e-9, -3.0]  # ties as float32 are ties

# trec_eval's binding crashes on queries whose judgements are all negative; `test_eval_measures` has one.
judgements = st.dictionaries(st.sampled_from(DOCS), st.integers(-2, 4), min_size=1).filter(
    lambda docs: max(docs.values()) >= 0
)
numbers = st.sampled_from(NEAR) | st.floats(-1e6, 1e6)
results = st.dictionaries(st.sampled_from(DOCS), numbers)


def expected_of(judged, returned):
    found = pytrec_eval.RelevanceEvaluator(judged, WANTED).evaluate(returned)
    return {ours: [found.get(query, {}).get(theirs, 0.0) for query in judged] for ours, theirs in NAMES.items()}


def assert_equal(evaluation, judged, returned):
    assert evaluation.query_ids == tuple(judged)
    for name, expected in expected_of(judged, returned).items():
        np.testing.assert_allclose(evaluation.per_query[name], expected, rtol=0, atol=1e-6, err_msg=name)
        assert evaluation.measures[name].value == pytest.approx(np.mean(expected), abs=1e-6)


@settings(deadline=None, derandomize=True, max_examples=300, suppress_health_check=list(HealthCheck))
@given(
    st.dictionaries(st.sampled_from(QUERIES), judgements, min_size=1),
    st.dictionaries(st.sampled_from(QUERIES), results, min_size=1),
    st.randoms(use_true_random=False),
)
def test_equals_trec_eval_on_graded_runs(judged, returned, random):
    given_results = [ScoredDoc(query, doc, score) for query, docs in returned.items() for doc, score in docs.items()]
    random.shuffle(given_results)
    run = Run.from_scored(given_results)
    if not set(run.query_ids) & set(judged):
        return
    qrels = Qrels.from_judgements(
        Qrel(query, doc, grade) for query, docs in judged.items() for doc, grade in docs.items()
    )
    assert_equal(evaluate(qrels, run, MEASURES, resamples=1), judged, returned)


def test_equals_trec_eval_on_a_larger_run_through_a_file(tmp_path):
    random = np.random.default_rng(7)
    docs = [f"d{number}" for number in range(400)]
    judged, returned = {}, {}
    for number in range(60):
        chosen = random.choice(docs, 30, replace=False)
        judged[f"q{number}"] = {str(doc): int(random.integers(-1, 4)) for doc in chosen} | {"d0": 1}
        listed = random.choice(docs, 100, replace=False)
        returned[f"q{number}"] = {str(doc): round(float(random.normal()), 1) for doc in listed}  # rounded: many ties
    run = Run.from_scored(ScoredDoc(query, doc, score) for query, row in returned.items() for doc, score in row.items())
    write_run(tmp_path / "run", run)
    qrels = Qrels.from_judgements(
        Qrel(query, doc, grade) for query, row in judged.items() for doc, grade in row.items()
    )
    assert_equal(evaluate(qrels, read_run(tmp_path / "run"), MEASURES, resamples=1), judged, returned)
