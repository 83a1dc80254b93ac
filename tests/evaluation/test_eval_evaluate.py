import json

import numpy as np
import pytest

from retrieval.errors import InputError
from retrieval.evaluation import Counts, Estimate, Qrel, Qrels, Run, ScoredDoc, evaluate, parse_measure

QRELS = Qrels.from_judgements(
    [Qrel("found", "a", 1), Qrel("missed", "b", 1), Qrel("silent", "a", 1), Qrel("none", "a", 0), Qrel("none", "b", -1)]
)
RUN = Run.from_scored(
    [ScoredDoc("found", "a", 1), ScoredDoc("missed", "a", 1), ScoredDoc("none", "a", 1), ScoredDoc("unknown", "a", 1)]
)
MEASURES = [parse_measure(text) for text in ("hit@1", "nDCG@10", "AP", "median_rank")]


def test_every_judged_query_counts_and_what_is_odd_is_told():
    evaluation = evaluate(QRELS, RUN, MEASURES)
    assert evaluation.counts == Counts(
        queries=4, without_results=1, without_relevant=1, without_hit=3, unjudged=1, depth=1
    )
    assert evaluation.warnings == (
        "1 of 4 judged queries have no results: counted as misses",
        "1 of 4 judged queries have no relevant document: counted as misses",
        "queries of the run without judgements, skipped: 1",
        "nDCG@10 looks deeper than the run, whose longest list has 1 results",
    )
    assert evaluation.query_ids == ("found", "missed", "silent", "none")
    assert evaluation.per_query["hit@1"].tolist() == [1, 0, 0, 0]
    assert evaluation.measures["hit@1"].value == 0.25
    assert evaluation.measures["hit@1"].n == 4
    assert evaluation.measures["median_rank"].value == 2
    for estimate in evaluation.measures.values():
        assert estimate.low <= estimate.value <= estimate.high


def test_a_query_that_is_in_the_run_without_results_has_none():
    qrels = Qrels.from_judgements([Qrel("q1", "a", 1), Qrel("q2", "a", 1)])
    run = Run.from_neighbours(["q1", "q2"], ["a"], np.array([[0], [-1]]), [[1.0], [-np.inf]])
    assert evaluate(qrels, run, MEASURES).counts.without_results == 1


def test_a_sound_run_has_no_warnings():
    qrels = Qrels.from_judgements([Qrel("q", "a", 1)])
    assert evaluate(qrels, Run.from_scored([ScoredDoc("q", "a", 1)]), [parse_measure("AP")]).warnings == ()


def test_json_holds_finite_numbers_only():
    evaluation = evaluate(QRELS, RUN, MEASURES)
    text = json.dumps(evaluation.as_json(per_query=True), allow_nan=False)
    found = json.loads(text)
    assert found["measures"]["hit@1"]["value"] == 0.25
    assert found["counts"]["without_hit"] == 3
    assert found["queries"]["missed"] == {"hit@1": 0, "nDCG@10": 0, "AP": 0, "median_rank": 2}
    assert "queries" not in evaluation.as_json()
    with pytest.raises(ValueError, match="must be finite"):
        Estimate(np.nan, 0, 1, 3)


def test_the_same_seed_gives_the_same_intervals_and_clusters_widen_them():
    random = np.random.default_rng(0)
    captions = [f"{image}#{number}" for image in range(80) for number in range(5)]
    images = [str(image) for image in range(80)]
    owners = np.repeat(np.arange(80), 5)
    keys = np.where(np.repeat(random.random(80) < 0.5, 5), owners, 79 - owners)[:, None]  # all of an image's or none
    qrels = Qrels.from_columns(captions, images, np.arange(400), owners, np.ones(400))
    run = Run.from_neighbours(captions, images, keys, np.ones((400, 1)))
    hit = [parse_measure("hit@1")]
    naive = evaluate(qrels, run, hit, seed=3).measures["hit@1"]
    assert evaluate(qrels, run, hit, seed=3).measures["hit@1"] == naive
    clusters = {caption: caption.split("#")[0] for caption in captions}
    honest = evaluate(qrels, run, hit, clusters=clusters, seed=3).measures["hit@1"]
    assert honest.value == naive.value
    assert honest.high - honest.low > 1.8 * (naive.high - naive.low)
    with pytest.raises(InputError, match="query '3#0' belongs to no cluster"):
        evaluate(qrels, run, hit, clusters={query: image for query, image in clusters.items() if image != "3"})


def test_nothing_to_score_is_an_error():
    nothing = np.zeros(0, np.int64)
    empty_run = Run.from_columns(["found"], [], nothing, nothing, [])
    with pytest.raises(InputError, match="no measures"):
        evaluate(QRELS, RUN, [])
    with pytest.raises(InputError, match="the run is empty"):
        evaluate(QRELS, empty_run, MEASURES)
    with pytest.raises(InputError, match="no judgements"):
        evaluate(Qrels.from_judgements([]), RUN, MEASURES)
    with pytest.raises(InputError, match="the run has 'query_7' and the judgements 'found'"):
        evaluate(QRELS, Run.from_scored([ScoredDoc("query_7", "a", 1)]), MEASURES)


def test_qrels_without_anything_relevant_still_evaluate():
    qrels = Qrels.from_judgements([Qrel("q", "a", 0)])
    evaluation = evaluate(qrels, Run.from_scored([ScoredDoc("q", "a", 1)]), MEASURES)
    assert [estimate.value for estimate in evaluation.measures.values()] == [0, 0, 0, 2]
