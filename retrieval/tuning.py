"""Fitting the graphs of a collection to the queries that it gets, and to other parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from retrieval.building import OnBuild, Tuning
from retrieval.certificate import Certificate
from retrieval.collection import Collection
from retrieval.errors import ConflictError
from retrieval.index.generation import GenerationView
from retrieval.index.parameters import check_index_params
from retrieval.metadata import collections, generations
from retrieval.search.certify import certify
from retrieval.search.samples import QuerySamples
from retrieval.types import VECTOR_KINDS, FloatArray, IndexParams, VectorKind

BATCH = 256


@dataclass(frozen=True, slots=True)
class Tuned:
    """What was measured `before` and `after`, by kind of vectors: empty where there is no graph yet."""

    rebuilt: tuple[VectorKind, ...]
    before: Mapping[VectorKind, Certificate]
    after: Mapping[VectorKind, Certificate]


def embed_lines(
    collection: Collection, lines: Sequence[str], on_progress: Callable[[int], None] | None = None
) -> FloatArray:
    """Texts as the collection's encoder sees them, float32 (n, dim); `on_progress` gets the number done so far."""
    parts = [np.empty((0, collection.info.spec.dim), np.float32)]
    for start in range(0, len(lines), BATCH):
        parts.append(collection.encoder.encode_texts(lines[start : start + BATCH]))
        if on_progress:
            on_progress(min(start + BATCH, len(lines)))
    return np.concatenate(parts)


def tune(
    collection: Collection,
    *,
    index: IndexParams,
    queries: FloatArray | None = None,
    on_build: OnBuild | None = None,
) -> Tuned:
    """Give a collection other parameters and a sample of its queries, and rebuild the graphs that they change.

    `queries`, float32 (n, dim), replace those given before; with None these stay. Where graphs are there already and
    reach the target, a change of `target_recall` or `ef_search` alone rebuilds nothing. Open the collection again
    afterwards.

    Raises:
        RecallError: no graph reaches the target; the collection stays as it was.
    """
    view = collection.views.latest()
    kinds = tuple(kind for kind in VECTOR_KINDS if _is_affected(collection, view, kind, index, queries))
    before = dict(view.generation.certificates)
    if queries is not None and (measured := _measured(view, queries)):
        before["image"] = measured
    rebuilt = collection.compactor.rebuild(kinds, Tuning(index, queries), on_build=on_build)
    return Tuned(rebuilt, before, collection.views.latest().generation.certificates)


def set_goal(collection: Collection, index: IndexParams) -> None:
    """Change the `target_recall` and the `ef_search` of a collection from the next search on; builds nothing.

    Raises:
        InputError: a value out of its range.
        ConflictError: a graph that is there was measured, and does not reach the target.
    """
    info = collection.info
    check_index_params(index, info.spec.dim)
    with collection.database.write() as connection:
        for kind, certificate in generations.current(connection, info.id).certificates.items():
            if index.target_recall and not certificate.reaches(index.target_recall):
                raise ConflictError(
                    f"the graph of {kind}s does not reach a recall of {index.target_recall}: build another one with "
                    f"`retrieval tune -c {info.name} --target-recall {index.target_recall}`"
                )
        collections.set_index(connection, info.id, index)


def _measured(view: GenerationView, queries: FloatArray) -> Certificate | None:
    """What the present graphs find of the new queries: certificates compare where the queries are the same."""
    return certify(view, "image", QuerySamples(view, queries).measuring("image"))


def _is_affected(
    collection: Collection, view: GenerationView, kind: VectorKind, index: IndexParams, queries: FloatArray | None
) -> bool:
    present = collection.info.index
    if (index.hnsw, index.storage) != (present.hnsw, present.storage) or (kind == "image" and queries is not None):
        return True
    certificate = view.generation.certificates.get(kind)
    return bool(index.target_recall and certificate and not certificate.reaches(index.target_recall))
