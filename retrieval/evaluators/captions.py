"""Image-caption retrieval both ways, at every stage from the ideal search to the served one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.certificate import Modality
from retrieval.collection import Collection
from retrieval.evaluation import Measure, Qrels, Run, evaluate, parse_measure
from retrieval.evaluation.columns import IntArray
from retrieval.evaluation.exact import ExactRanking, rank_exactly
from retrieval.evaluators.caption_task import CaptionTask
from retrieval.evaluators.reference import Reference
from retrieval.evaluators.searches import (
    allowed_keys,
    blame_misses,
    filter_warnings,
    list_depth,
    rows_of,
    search_codes,
)
from retrieval.evaluators.task import CUTOFFS, Shown, TaskReport
from retrieval.metadata import query_samples
from retrieval.search.samples import QuerySamples
from retrieval.types import FloatArray, KeyArray, KnnResult, Plan, VectorKind

DEPTH = 100


def evaluate_captions(
    collection: Collection,
    task: CaptionTask,
    *,
    cutoffs: Sequence[int] = CUTOFFS,
    ef_search: int | None = None,
    filter: str | None = None,  # noqa: A002  the word that users write
    reference: Reference | None = None,
) -> list[TaskReport]:
    """Measure text to image, then image to text.

    R@k of image-caption papers is hit@k: a relevant item among the first k. Ranks of first relevant items are exact.
    Captions of one picture are resampled together for the intervals. A `filter` is one of documents, so only text to
    image has it. With a `reference` of the same captions, what the encoder's precision loses is told apart.

    Raises:
        InputError: a filter that is wrong, or allows nothing.
        ConflictError: the documents are not those of the reference any more.
    """
    if reference is not None:
        reference.check_fits(task.doc_keys)
    allowed = allowed_keys(collection, filter, task.doc_keys) if filter else None
    images = collection.views.latest().vectors(task.doc_keys)
    sides = _text_to_image(task, images, filter, allowed, reference), _image_to_text(task, images, reference)
    return [_evaluate(collection, side, cutoffs, ef_search) for side in sides]


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """Queries (nq, dim) that look for items (ni, dim): captions for pictures, or pictures for captions.

    `modality` is that of the queries; `query_keys`, int64 (nq,), are those of stored ones, `NO_KEY` for others, None
    where nothing is known of them. `pairs` are rows of queries and of the items that are relevant to them, int64 (np,)
    each; `item_keys`, int64 (ni,) ascending, are None where no index holds the items; `allowed`, int64 (n,) ascending,
    are the rows of the items that a filter allows; `ideal` has the vectors of queries and items without rounding.
    """

    name: str
    kind: VectorKind
    modality: Modality
    query_keys: KeyArray | None
    query_ids: list[str]
    queries: FloatArray
    item_ids: list[str]
    items: FloatArray
    item_keys: KeyArray | None
    pairs: tuple[KeyArray, KeyArray]
    ideal: tuple[FloatArray, FloatArray] | None
    allowed: IntArray | None
    clusters: Mapping[str, str] | None
    shown: Mapping[str, Shown]
    answers: Mapping[str, str]
    warnings: tuple[str, ...]

    def run(self, found: KnnResult) -> Run:
        """What was found, as rows of the items."""
        return Run.from_neighbours(self.query_ids, self.item_ids, found.keys, found.scores)


def _text_to_image(
    task: CaptionTask,
    images: FloatArray,
    filter: str | None,  # noqa: A002
    allowed: KeyArray | None,
    reference: Reference | None,
) -> _Side:
    names, owners = task.query_ids, task.owner
    return _Side(
        name="text to image",
        kind="image",
        modality="text",
        query_keys=task.stored_keys,
        query_ids=names,
        queries=task.vectors,
        item_ids=task.doc_ids,
        items=images,
        item_keys=task.doc_keys,
        pairs=(np.arange(len(names)), owners),
        ideal=None if reference is None else (reference.queries, reference.documents),
        allowed=None if allowed is None else np.searchsorted(task.doc_keys, allowed),
        clusters={name: task.doc_ids[row] for name, row in zip(names, owners.tolist(), strict=True)},
        shown={name: Shown(text) for name, text in zip(names, task.captions, strict=True)},
        answers={},
        warnings=(*(reference.warnings if reference else ()), *filter_warnings(filter, allowed, task.doc_keys)),
    )


def _image_to_text(task: CaptionTask, images: FloatArray, reference: Reference | None) -> _Side:
    described, names = task.described, task.query_ids
    doc_ids = [task.doc_ids[row] for row in described.tolist()]
    return _Side(
        name="image to text",
        kind="caption",
        modality="image",
        query_keys=task.doc_keys[described],
        query_ids=doc_ids,
        queries=images[described],
        item_ids=names,
        items=task.vectors,
        item_keys=task.caption_keys,
        pairs=(np.searchsorted(described, task.owner), np.arange(len(names))),
        ideal=None if reference is None else (reference.documents[described], reference.queries),
        allowed=None,
        clusters=None,
        shown={doc_id: Shown(doc_id=doc_id) for doc_id in doc_ids},
        answers=dict(zip(names, task.captions, strict=True)),
        warnings=tuple(reference.warnings) if reference else (),
    )


def _evaluate(collection: Collection, side: _Side, cutoffs: Sequence[int], ef_search: int | None) -> TaskReport:
    depth = min(max(DEPTH, *cutoffs), len(side.item_ids))
    qrels = Qrels.from_columns(side.query_ids, side.item_ids, *side.pairs, np.ones(len(side.pairs[0]), np.int64))
    stages, first = _exact_stages(side, depth)
    exact_run = run = list(stages.values())[-1]
    served = plan = None
    if side.item_keys is not None:
        run, plan, through_graph = _served(collection, side, side.item_keys, cutoffs, ef_search)
        served = evaluate(qrels, run, _measures(cutoffs), clusters=side.clusters)
        stages |= through_graph
    whole = [parse_measure(name) for name in (f"RR@{DEPTH}", f"AP@{DEPTH}", "median_rank", "mean_rank")]
    return TaskReport(
        name=side.name,
        qrels=qrels,
        run=run,
        exact_run=exact_run,
        served=served,
        exact=evaluate(qrels, exact_run, [*_measures(cutoffs), *whole], clusters=side.clusters, true_first=first),
        plan=plan,
        blame=blame_misses(qrels, stages, cutoffs),
        shown=side.shown,
        answers=side.answers,
        warnings=(*side.warnings, *_tuned_with(collection, side, plan)),
    )


def _measures(cutoffs: Sequence[int]) -> list[Measure]:
    names = [*(f"hit@{k}" for k in cutoffs), *(f"{name}@{max(cutoffs)}" for name in ("RR", "nDCG", "AP"))]
    return [parse_measure(name) for name in names]


def _exact_stages(side: _Side, depth: int) -> tuple[dict[str, Run], dict[str, int]]:
    """What exact searches find, and the true rank of each query's first relevant item in the last of them."""
    order = np.argsort(side.pairs[0], kind="stable")
    relevant = (side.pairs[0][order], side.pairs[1][order])
    stages = {}
    if side.ideal is not None:
        stages["model"] = side.run(rank_exactly(*side.ideal, k=depth).nearest)
    found = rank_exactly(side.queries, side.items, k=depth, relevant=relevant)
    stages["precision" if side.ideal else "model"] = side.run(found.nearest)
    if side.allowed is not None:
        found = _rank_allowed(side, side.allowed, depth, relevant)
        stages["filter"] = side.run(found.nearest)
    return stages, dict(zip(side.query_ids, found.first_rank.tolist(), strict=True))


def _rank_allowed(side: _Side, allowed: IntArray, depth: int, relevant: tuple[KeyArray, KeyArray]) -> ExactRanking:
    """The exact ranking of the items that a filter allows; a query that has none of its own there has it after them."""
    kept = np.isin(relevant[1], allowed)
    pairs = relevant[0][kept], np.searchsorted(allowed, relevant[1][kept])
    found = rank_exactly(side.queries, side.items[allowed], k=depth, relevant=pairs)
    first = np.where(found.first_rank == 0, len(allowed) + 1, found.first_rank)
    return ExactRanking(KnnResult(allowed[found.nearest.keys], found.nearest.scores), first)


def _served(
    collection: Collection, side: _Side, keys: KeyArray, cutoffs: Sequence[int], ef_search: int | None
) -> tuple[Run, Plan, dict[str, Run]]:
    """What the collection finds for users, how, and the stages that a graph adds."""
    allowed = None if side.allowed is None else keys[side.allowed]
    depth = list_depth(collection, _measures(cutoffs), kind=side.kind, ef_search=ef_search)
    k = min(depth, len(keys))
    found, plan = collection.engine.nearest(
        side.queries, kind=side.kind, k=k, ef_search=ef_search, allowed=allowed, modality=side.modality
    )
    run = side.run(rows_of(found, keys))
    if plan.ef_search is None:
        return run, plan, {}
    coded = search_codes(collection, side.kind, side.queries, k=k, ef_search=plan.ef_search, allowed=allowed)
    storage = {} if coded is None else {"storage": side.run(rows_of(coded, keys))}
    return run, plan, {**storage, "index": run}


def _tuned_with(collection: Collection, side: _Side, plan: Plan | None) -> list[str]:
    """A warning where most of the queries are among those that the graph was tuned with."""
    if side.query_keys is None or plan is None or plan.ef_search is None:
        return []
    total, tuned = len(side.query_ids), int(np.isin(side.query_keys, _tuning_keys(collection, side.kind)).sum())
    if 2 * tuned <= total:
        return []
    return [f"{tuned:,} of these {total:,} queries tuned the graph, which may find more for them than for others"]


def _tuning_keys(collection: Collection, kind: VectorKind) -> KeyArray:
    """Stored vectors that the graphs of a kind are tuned with as the collection stands, int64 (n,) ascending."""
    with collection.database.read() as connection:
        view = collection.views.at(connection)
        given = query_samples.all_of_them(connection, collection.info.id, collection.info.spec.dim)
    return QuerySamples(view, given).tuning_keys(kind)
