"""Image-caption retrieval both ways, through the served index and exactly, with every miss put down to a stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from retrieval.collection import Collection
from retrieval.evaluation import Qrels, Run, evaluate, parse_measure
from retrieval.evaluation.decompose import decompose
from retrieval.evaluation.exact import rank_exactly
from retrieval.evaluators.caption_task import CaptionTask
from retrieval.evaluators.task import Shown, TaskReport
from retrieval.types import FloatArray, KeyArray, KnnResult

DEPTH = 100
Direction: TypeAlias = Literal["text to image", "image to text"]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The same pictures and captions embedded in fp32: what the encoder would say without rounding.

    `images` float32 (nd, dim) in the order of the task's documents, `captions` (nc, dim).
    """

    images: FloatArray
    captions: FloatArray


def evaluate_captions(
    collection: Collection,
    task: CaptionTask,
    *,
    cutoffs: Sequence[int] = (1, 5, 10),
    ef_search: int | None = None,
    reference: Reference | None = None,
) -> list[TaskReport]:
    """Measure text to image, then image to text.

    R@k of image-caption papers is hit@k: a relevant item among the first k. Ranks of first relevant items are exact.
    Captions of one picture are resampled together for the intervals.
    """
    described = task.described
    images = collection.views.latest().vectors(task.doc_keys)
    names = task.query_ids
    documents = np.array(task.doc_ids, object)
    clusters = {name: task.doc_ids[row] for name, row in zip(names, task.owner.tolist(), strict=True)}
    text_to_image = _Side(
        direction="text to image",
        query_ids=names,
        queries=task.vectors,
        item_ids=list(task.doc_ids),
        items=images,
        item_keys=task.doc_keys,
        pairs=(np.arange(len(names)), task.owner),
        clusters=clusters,
        ideal=None if reference is None else (reference.captions, reference.images),
        shown={name: Shown(text) for name, text in zip(names, task.captions, strict=True)},
        answers={},
    )
    query_row = np.searchsorted(described, task.owner)
    image_to_text = _Side(
        direction="image to text",
        query_ids=documents[described].tolist(),
        queries=images[described],
        item_ids=names,
        items=task.vectors,
        item_keys=task.caption_keys,
        pairs=(query_row, np.arange(len(names))),
        clusters=None,
        ideal=None if reference is None else (reference.images[described], reference.captions),
        shown={doc_id: Shown(doc_id=doc_id) for doc_id in documents[described].tolist()},
        answers=dict(zip(names, task.captions, strict=True)),
    )
    return [_evaluate(collection, side, cutoffs, ef_search) for side in (text_to_image, image_to_text)]


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    direction: Direction
    query_ids: list[str]
    queries: FloatArray
    item_ids: list[str]
    items: FloatArray
    item_keys: KeyArray | None
    pairs: tuple[KeyArray, KeyArray]
    clusters: Mapping[str, str] | None
    ideal: tuple[FloatArray, FloatArray] | None
    shown: Mapping[str, Shown]
    answers: Mapping[str, str]


def _evaluate(collection: Collection, side: _Side, cutoffs: Sequence[int], ef_search: int | None) -> TaskReport:
    depth = min(max(DEPTH, *cutoffs), len(side.item_ids))
    qrels = Qrels.from_columns(side.query_ids, side.item_ids, *side.pairs, np.ones(len(side.pairs[0]), np.int64))
    order = np.argsort(side.pairs[0], kind="stable")
    relevant = (side.pairs[0][order], side.pairs[1][order])
    exact = rank_exactly(side.queries, side.items, k=depth, relevant=relevant)
    first = dict(zip(side.query_ids, exact.first_rank.tolist(), strict=True))
    exact_run = Run.from_neighbours(side.query_ids, side.item_ids, exact.nearest.keys, exact.nearest.scores)
    stages = {"model": exact.nearest.keys}
    if side.ideal is not None:
        stages = {"model": rank_exactly(*side.ideal, k=depth).nearest.keys, "precision": exact.nearest.keys}
    run, used = exact_run, None
    if side.item_keys is not None:
        # No deeper than the graph has candidates anyway: a longer list would raise ef_search and flatter the index.
        free = min(depth, ef_search or collection.info.ef_search)
        found, used = _served(collection, side, min(max(free, *cutoffs), len(side.item_ids)), ef_search)
        stages["index"] = found.keys
        run = Run.from_neighbours(side.query_ids, side.item_ids, found.keys, found.scores)
    return TaskReport(
        name=side.direction,
        qrels=qrels,
        run=run,
        exact_run=exact_run,
        served=None
        if side.item_keys is None
        else evaluate(qrels, run, [parse_measure(name) for name in _measures(cutoffs)], clusters=side.clusters),
        exact=evaluate(
            qrels,
            exact_run,
            [
                parse_measure(name)
                for name in (*_measures(cutoffs), f"RR@{DEPTH}", f"AP@{DEPTH}", "median_rank", "mean_rank")
            ],
            clusters=side.clusters,
            true_first=first,
        ),
        ef_search=used,
        blame={k: decompose({name: _hits(keys, relevant, k) for name, keys in stages.items()}, k=k) for k in cutoffs},
        shown=side.shown,
        answers=side.answers,
    )


def _measures(cutoffs: Sequence[int]) -> list[str]:
    return [*(f"hit@{k}" for k in cutoffs), *(f"{name}@{max(cutoffs)}" for name in ("RR", "nDCG", "AP"))]


def _served(collection: Collection, side: _Side, depth: int, ef_search: int | None) -> tuple[KnnResult, int | None]:
    """What the index finds, as row numbers of the side's items."""
    kind = "image" if side.direction == "text to image" else "caption"
    found, plan = collection.engine.nearest(side.queries, kind=kind, k=depth, ef_search=ef_search)  # type: ignore[arg-type]
    keys = side.item_keys if side.item_keys is not None else np.empty(0, np.int64)
    rows = np.searchsorted(keys, np.maximum(found.keys, 0))
    return KnnResult(np.where(np.isfinite(found.scores), rows, -1), found.scores), plan.ef_search


def _hits(found: KeyArray, relevant: tuple[KeyArray, KeyArray], k: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether each query has a relevant item among its first k: bool (nq,)."""
    queries, documents = relevant
    hit = (found[queries, :k] == documents[:, None]).any(axis=1)
    found_any = np.zeros(len(found), np.bool_)
    np.logical_or.at(found_any, queries, hit)
    return found_any
