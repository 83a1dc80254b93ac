"""Exact image-caption evaluation from ready embeddings, and the measures alone beside trec_eval's binding.

    python -m benchmarks.evaluation [--images 5000] [--repeat 3]

Five captions an image, random unit vectors that lean towards their image's. Every repetition is a process of its own,
so that its peak memory is its own too; the best of them is the figure. Run it on an otherwise idle machine.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from time import perf_counter

import numpy as np
import pytrec_eval

from retrieval.evaluation import Evaluation, Qrels, Run, evaluate, parse_measure
from retrieval.evaluation.exact import rank_exactly
from retrieval.evaluation.ranks import rank_relevant
from retrieval.types import FloatArray

DIM = 512
CAPTIONS = 5
DEPTH = 100
LEANING = 0.1
FIGURES = [*(f"hit@{k}" for k in (1, 5, 10)), "RR@10", "nDCG@10", "AP@10", "median_rank", "mean_rank"]
SCORED = {"hit@10": "success_10", "recall@10": "recall_10", "precision@10": "P_10", "nDCG@10": "ndcg_cut_10"}
SCORED |= {"AP": "map", "RR": "recip_rank"}


def embeddings(images: int) -> tuple[FloatArray, FloatArray]:
    """Unit vectors of images (n, dim) and of their captions (5 n, dim), those of image i at rows 5 i to 5 i + 4."""
    rng = np.random.default_rng(0)
    pictures = _unit(rng.standard_normal((images, DIM), np.float32))
    texts = _unit(rng.standard_normal((images * CAPTIONS, DIM), np.float32))
    texts += LEANING * np.repeat(pictures, CAPTIONS, axis=0)
    return pictures, _unit(texts)


def both_ways(images: int) -> dict[str, float]:
    """Seconds from embeddings to rankings, and to figures with their intervals; peak memory in GB; what was found."""
    pictures, texts = embeddings(images)
    owner = np.repeat(np.arange(images), CAPTIONS)
    rows = np.arange(len(texts))
    started = perf_counter()
    ranking = 0.0
    found: dict[str, float] = {}
    for name, queries, documents, pairs in (
        ("text to image", texts, pictures, (rows, owner)),
        ("image to text", pictures, texts, (owner, rows)),
    ):
        before = perf_counter()
        exact = rank_exactly(queries, documents, k=DEPTH, relevant=pairs)
        ranking += perf_counter() - before
        query_ids, doc_ids = [f"q{n}" for n in range(len(queries))], [f"d{n}" for n in range(len(documents))]
        qrels = Qrels.from_columns(query_ids, doc_ids, *pairs, np.ones(len(rows), np.int64))
        run = Run.from_neighbours(query_ids, doc_ids, exact.nearest.keys, exact.nearest.scores)
        clusters = {query_ids[q]: str(owner[r]) for q, r in zip(pairs[0].tolist(), rows.tolist(), strict=True)}
        first = dict(zip(query_ids, exact.first_rank.tolist(), strict=True))
        figures = evaluate(qrels, run, [parse_measure(one) for one in FIGURES], clusters=clusters, true_first=first)
        found[f"{name} hit@10"] = figures.measures["hit@10"].value
    whole = perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    return {"rankings, s": ranking, "with figures, s": whole, "peak, GB": peak, **found}


def measures(images: int) -> dict[str, float]:
    """Seconds of six measures over a caption run of depth 100, here and in pytrec_eval, each from its own form."""
    pictures, texts = embeddings(images)
    query_ids, doc_ids = [f"q{n}" for n in range(len(texts))], [f"d{n}" for n in range(images)]
    exact = rank_exactly(texts, pictures, k=DEPTH)
    run = Run.from_neighbours(query_ids, doc_ids, exact.nearest.keys, exact.nearest.scores)
    rows, owner = np.arange(len(texts)), np.repeat(np.arange(images), CAPTIONS)
    qrels = Qrels.from_columns(query_ids, doc_ids, rows, owner, np.ones(len(rows), np.int64))
    chosen = [parse_measure(name) for name in SCORED]

    started = perf_counter()
    ranks = rank_relevant(qrels, run)
    scores = {str(measure): measure.per_query(ranks) for measure in chosen}
    alone = perf_counter() - started
    started = perf_counter()
    evaluation = evaluate(qrels, run, chosen)
    whole = perf_counter() - started

    judged = {name: {doc_ids[doc]: 1} for name, doc in zip(query_ids, owner.tolist(), strict=True)}
    returned = {name: {hit.doc_id: hit.score for hit in run.results(name)} for name in query_ids}
    started = perf_counter()
    theirs = pytrec_eval.RelevanceEvaluator(judged, set(SCORED.values())).evaluate(returned)
    peer = perf_counter() - started
    _check_equal(scores, theirs, query_ids, evaluation)
    return {"measures, s": alone, "with intervals, s": whole, "pytrec_eval, s": peer, "times as fast": peer / alone}


def _check_equal(
    scores: dict[str, np.ndarray], theirs: dict[str, dict[str, float]], query_ids: list[str], evaluation: Evaluation
) -> None:
    for ours, name in SCORED.items():
        expected = [theirs[query_id][name] for query_id in query_ids]
        np.testing.assert_allclose(scores[ours], expected, rtol=0, atol=1e-6)
        np.testing.assert_array_equal(scores[ours], evaluation.per_query[ours])


def _unit(rows: FloatArray) -> FloatArray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


PARTS = {"both ways": both_ways, "measures": measures}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--part", choices=list(PARTS), help="one part, once, in this process, as JSON")
    arguments = parser.parse_args()
    if arguments.part:
        print(json.dumps(PARTS[arguments.part](arguments.images)))
        return
    for part in PARTS:
        command = [sys.executable, "-m", "benchmarks.evaluation", "--images", str(arguments.images), "--part", part]
        told = [subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout for _ in range(arguments.repeat)]
        runs = [json.loads(text) for text in told]
        best = min(runs, key=lambda run: next(iter(run.values())))
        print(json.dumps({part: {"best": best, "runs": runs}}, indent=2), flush=True)


if __name__ == "__main__":
    main()
