"""Queries that an index is measured with: texts, stored pictures, and the same under filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from retrieval.certificate import Modality
from retrieval.collection import Collection
from retrieval.errors import InputError, ModelError, NotFoundError
from retrieval.evaluation.columns import IntArray
from retrieval.evaluators.searches import allowed_keys, live_documents
from retrieval.metadata import query_samples, scans
from retrieval.search.prompts import Prompts, attribute_prompts
from retrieval.search.samples import FEWEST, given_held_out, held_out
from retrieval.types import BoolArray, FloatArray, KeyArray

TEXT_STREAM, IMAGE_STREAM, FILTER_STREAM = range(3)
"""Each kind of sample has random numbers of its own: else a set of documents could be the very ones that ask."""

SELECTIVITIES = (0.5, 0.1, 0.01, 0.001)
"""Shares of the documents that filters allow, where nobody says otherwise."""


@dataclass(frozen=True, slots=True, eq=False)
class QuerySet:
    """Unit vectors that ask for images, float32 (nq, dim), nq at least 1; `source` says what they are.

    `modality` is what they were made of. `own`, int64 (nq,), has the key of the document that each is the vector of, to
    be left out of its results. Queries of one number in `clusters`, int64 (nq,), are resampled together. `allowed`
    keys, int64 (n,) ascending, are the `selectivity`, in (0, 1], of the live documents; None where there is no filter.
    """

    name: str
    modality: Modality
    source: str
    vectors: FloatArray
    own: KeyArray | None = None
    clusters: IntArray | None = None
    allowed: KeyArray | None = None
    selectivity: float | None = None


def query_sets(
    collection: Collection,
    *,
    most: int,
    vectors: FloatArray | None = None,
    selectivities: Sequence[float] = (),
    filters: Sequence[str] = (),
    seed: int = 0,
) -> tuple[list[QuerySet], list[str]]:
    """Texts, stored images, and the images under each filter, at most `most` of each; and what people should know.

    Texts are such as the graph was not tuned with, where there is one and enough of them are held out. `vectors`,
    float32 (nt, dim) of length 1, are those of texts. For each of `selectivities`, in (0, 1], documents are drawn by
    `seed` and allowed, at least one.

    Raises:
        InputError: the collection is empty, a number is out of range, or a filter does not parse or allows nothing.
    """
    _check(most, selectivities)
    keys, _ = live_documents(collection)
    sets: list[QuerySet] = []
    notes: list[str] = []
    try:
        texts, notes = _text_queries(collection, most, seed) if vectors is None else (_given(vectors, most, seed), [])
        sets.append(texts)
    except (ModelError, NotFoundError) as error:
        notes.append(f"text queries are left out ({error}); --vectors takes vectors of texts")
    images = _images(collection, keys, most, seed)
    sets.append(images)
    for number, share in enumerate(dict.fromkeys(selectivities)):
        rows = _drawn(len(keys), max(1, round(share * len(keys))), seed, FILTER_STREAM + number)
        sets.append(_filtered(images, f"{share:g} allowed", keys[rows], len(keys)))
    allowed = {text: allowed_keys(collection, text, keys) for text in filters}
    return [*sets, *(_filtered(images, text, some, len(keys)) for text, some in allowed.items())], notes


def _check(most: int, selectivities: Sequence[float]) -> None:
    if most < 1:
        raise InputError(f"{most} queries: give at least 1")
    for share in selectivities:
        if not 0 < share <= 1:
            raise InputError(f"a selectivity of {share:g}: give a share of the documents above 0, up to 1")


def _given(vectors: FloatArray, most: int, seed: int) -> QuerySet:
    return QuerySet("text", "text", "given vectors", vectors[_drawn(len(vectors), most, seed, TEXT_STREAM)])


def _images(collection: Collection, keys: KeyArray, most: int, seed: int) -> QuerySet:
    own = keys[_drawn(len(keys), most, seed, IMAGE_STREAM)]
    return QuerySet("image", "image", "stored images", collection.views.latest().vectors(own), own=own)


def _filtered(images: QuerySet, name: str, allowed: KeyArray, documents: int) -> QuerySet:
    return replace(images, name=f"image, {name}", allowed=allowed, selectivity=len(allowed) / documents)


def _drawn(rows: int, most: int, seed: int, stream: int) -> IntArray:
    """`most` of the row numbers below `rows`, or all, ascending."""
    if most >= rows:
        return np.arange(rows)
    return np.sort(np.random.default_rng([seed, stream]).choice(rows, most, replace=False))


@dataclass(frozen=True, slots=True, eq=False)
class _Texts:
    """Texts that a collection has; `held_out`, bool (n,), are those that its index is never tuned with.

    `vectors_of` some rows, int64 (nq,), are float32 (nq, dim). Texts of one number in `clusters`, int64 (n,), belong
    together.
    """

    source: str
    held_out: BoolArray
    vectors_of: Callable[[IntArray], FloatArray]
    clusters: IntArray | None = None


def _texts(collection: Collection) -> _Texts:
    """Queries that people gave, or else captions, or else attribute values, as the index is tuned with them.

    Raises `NotFoundError` where there is none of them, and `ModelError` where values cannot be embedded.
    """
    with collection.database.read() as connection:
        view = collection.views.at(connection)
        given = query_samples.all_of_them(connection, collection.info.id, collection.info.spec.dim)
        keys, owners, _ = scans.live_captions(connection, collection.info.id)
        if len(given):
            return _Texts("queries given", given_held_out(len(given)), lambda rows: given[rows])
        has_vector = np.isin(keys, view.keys("caption"))
        keys, owners = keys[has_vector], owners[has_vector]
        if len(keys):
            return _Texts("stored captions", held_out(keys), lambda rows: view.vectors(keys[rows]), owners)
        values = attribute_prompts(connection, collection.info.id, view)
    if not values:
        raise NotFoundError("there are no caption vectors, and no attribute values that documents share")
    prompts = Prompts.embedded(values, collection.encoder)
    source = f"attribute values, as {values[0]!r}"
    return _Texts(source, prompts.held_out, lambda rows: prompts.vectors[rows])


def _text_queries(collection: Collection, most: int, seed: int) -> tuple[QuerySet, list[str]]:
    """Texts that the graph was not tuned with, and a note where it has to be others. Raises as `_texts` does."""
    texts = _texts(collection)
    rows, source, notes = np.arange(len(texts.held_out)), texts.source, []
    if collection.views.latest().has_graph("image"):
        aside = np.flatnonzero(texts.held_out)
        if len(aside) >= FEWEST:
            rows, source = aside, f"{source}, held out from tuning"
        else:
            notes = [
                f"only {len(aside):,} of {len(rows):,} texts ({source}) are held out from tuning, too few to ask: "
                "the index may find more for those that ask than for others"
            ]
    rows = rows[_drawn(len(rows), most, seed, TEXT_STREAM)]
    clusters = None if texts.clusters is None else texts.clusters[rows]
    return QuerySet("text", "text", source, texts.vectors_of(rows), clusters=clusters), notes
