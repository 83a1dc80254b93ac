"""From judgements and a run to figures with intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from retrieval.errors import InputError
from retrieval.evaluation.columns import Float64Array, IntArray, number_ids
from retrieval.evaluation.judgements import Qrels, Run
from retrieval.evaluation.measures import Measure
from retrieval.evaluation.ranks import NOT_RETRIEVED, RelevantRanks, numbers_in, rank_relevant
from retrieval.evaluation.result import Counts, Estimate, Evaluation
from retrieval.evaluation.statistics import bootstrap_intervals


def evaluate(
    qrels: Qrels,
    run: Run,
    measures: Sequence[Measure],
    *,
    clusters: Mapping[str, str] | None = None,
    true_first: Mapping[str, int] | None = None,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Score a run over every judged query, with bootstrap intervals at `level`.

    A judged query without results scores 0 and counts; a query of the run without judgements is skipped; both are
    counted and warned of. `clusters` maps each judged query to what it shares with others (the image of a caption), and
    widens the intervals accordingly. `true_first` is `rank_relevant`'s, for the rank measures. The same seed gives the
    same intervals. Raises `InputError` where there is nothing to score: no measures, an empty run, no judgements, or
    not one query that is in both.
    """
    _check(qrels, run, measures)
    ranks = rank_relevant(qrels, run, true_first=true_first)
    chosen = {str(measure): measure for measure in measures}
    scores = np.stack([measure.per_query(ranks) for measure in chosen.values()], axis=1)
    intervals = bootstrap_intervals(
        scores,
        [measure.summary for measure in chosen.values()],
        level=level,
        resamples=resamples,
        seed=seed,
        clusters=None if clusters is None else _numbered(qrels.query_ids, clusters),
    )
    counts = _counts(qrels, run, ranks)
    columns = dict(zip(chosen, scores.T, strict=True))
    return Evaluation(
        measures={
            name: _estimate(measure, columns[name], low, high)
            for (name, measure), (low, high) in zip(chosen.items(), intervals.tolist(), strict=True)
        },
        counts=counts,
        warnings=tuple(_warnings(counts, measures)),
        query_ids=qrels.query_ids,
        per_query=columns,
    )


def _check(qrels: Qrels, run: Run, measures: Sequence[Measure]) -> None:
    if not measures:
        raise InputError("no measures: name at least one, such as hit@10")
    if not len(qrels):
        raise InputError("there are no judgements: nothing can be scored")
    if not len(run):
        raise InputError("the run is empty: no query has a result")
    if not set(qrels.query_ids).intersection(run.query_ids):
        raise InputError(
            f"no query of the run is judged: the run has {run.query_ids[0]!r} and the judgements"
            f" {qrels.query_ids[0]!r}, for example; check that both number the queries alike"
        )


def _estimate(measure: Measure, scores: Float64Array, low: float, high: float) -> Estimate:
    value = np.median(scores) if measure.summary == "median" else np.mean(scores)
    return Estimate(float(value), low, high, len(scores))


def _numbered(query_ids: Sequence[str], clusters: Mapping[str, str]) -> IntArray:
    missing = next((query_id for query_id in query_ids if query_id not in clusters), None)
    if missing is not None:
        raise InputError(f"query {missing!r} belongs to no cluster; name one for every judged query")
    return number_ids([clusters[query_id] for query_id in query_ids])[1]


def _counts(qrels: Qrels, run: Run, ranks: RelevantRanks) -> Counts:
    number = numbers_in(qrels.query_ids, run.query_ids)
    answered = number[np.diff(run.starts) > 0]
    judged = len(qrels.query_ids)
    return Counts(
        queries=judged,
        without_results=judged - int(np.sum(answered >= 0)),
        without_relevant=int(np.sum(ranks.count() == 0)),
        without_hit=int(np.sum(ranks.first() == NOT_RETRIEVED)),
        unjudged=int(np.sum(number < 0)),
        depth=run.depth,
    )


def _warnings(counts: Counts, measures: Sequence[Measure]) -> Iterator[str]:
    if counts.without_results:
        yield f"{counts.without_results:,} of {counts.queries:,} judged queries have no results: counted as misses"
    if counts.without_relevant:
        without = f"{counts.without_relevant:,} of {counts.queries:,}"
        yield f"{without} judged queries have no relevant document: counted as misses"
    if counts.unjudged:
        yield f"queries of the run without judgements, skipped: {counts.unjudged:,}"
    deepest = max(measures, key=lambda measure: measure.cutoff or 0)
    if (deepest.cutoff or 0) > counts.depth:
        yield f"{deepest} looks deeper than the run, whose longest list has {counts.depth:,} results"
