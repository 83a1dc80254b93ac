"""Queries that an index is measured with: texts, stored pictures, and the same under filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from retrieval.collection import Collection
from retrieval.errors import InputError, ModelError, NotFoundError
from retrieval.evaluation.columns import IntArray
from retrieval.evaluators.labels import TEMPLATE
from retrieval.evaluators.searches import allowed_keys
from retrieval.metadata import items
from retrieval.types import AttributeValue, FloatArray, KeyArray

TEXT_STREAM, IMAGE_STREAM, FILTER_STREAM = range(3)
"""Each kind of sample has random numbers of its own: else a set of documents could be the very ones that ask."""


@dataclass(frozen=True, slots=True, eq=False)
class QuerySet:
    """Unit vectors that ask for images, float32 (nq, dim), nq at least 1; `source` says what they are.

    `own`, int64 (nq,), has the key of the document that each is the vector of, to be left out of its results. Queries
    of one number in `clusters`, int64 (nq,), are resampled together. `allowed` keys, int64 (n,) ascending, are the
    `selectivity`, in (0, 1], of the live documents; None where there is no filter.
    """

    name: str
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

    `vectors`, float32 (nt, dim) of length 1, are those of texts. For each of `selectivities`, in (0, 1], documents are
    drawn by `seed` and allowed, at least one.

    Raises:
        InputError: the collection is empty, a number is out of range, or a filter does not parse or allows nothing.
    """
    _check(most, selectivities)
    with collection.database.read() as connection:
        keys, _ = items.live_documents(connection, collection.info.id)
    if not len(keys):
        raise InputError(f"collection {collection.name!r} has no documents: index some first")
    sets, notes = [], []
    try:
        sets.append(_given(vectors, most, seed) if vectors is not None else _texts(collection, most, seed))
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
    return QuerySet("text", "given vectors", vectors[_drawn(len(vectors), most, seed, TEXT_STREAM)])


def _texts(collection: Collection, most: int, seed: int) -> QuerySet:
    """Stored captions; where there are none with vectors, "a VALUE" for what several documents have as an attribute.

    Raises `NotFoundError` where there is neither, and `ModelError` where values cannot be embedded.
    """
    with collection.database.read() as connection:
        view = collection.views.at(connection)
        keys, owners, _ = items.live_captions(connection, collection.info.id)
    held = [np.asarray(segment.keys) for segment in view.segments if segment.info.kind == "caption"]
    has_vector = np.isin(keys, np.concatenate(held)) if held else np.zeros(len(keys), np.bool_)
    keys, owners = keys[has_vector], owners[has_vector]
    if len(keys):
        rows = _drawn(len(keys), most, seed, TEXT_STREAM)
        return QuerySet("text", "stored captions", view.vectors(keys[rows]), clusters=owners[rows])
    prompts = [TEMPLATE.replace("{}", value.replace("_", " ")) for value in _shared_values(collection)]
    if not prompts:
        raise NotFoundError("there are no caption vectors, and no attribute values that documents share")
    rows = _drawn(len(prompts), most, seed, TEXT_STREAM)
    texts = [prompts[row] for row in rows.tolist()]
    return QuerySet("text", f"attribute values, as {texts[0]!r}", collection.encoder.encode_texts(texts))


def _images(collection: Collection, keys: KeyArray, most: int, seed: int) -> QuerySet:
    own = keys[_drawn(len(keys), most, seed, IMAGE_STREAM)]
    return QuerySet("image", "stored images", collection.views.latest().vectors(own), own=own)


def _filtered(images: QuerySet, name: str, allowed: KeyArray, documents: int) -> QuerySet:
    return replace(images, name=f"image, {name}", allowed=allowed, selectivity=len(allowed) / documents)


def _drawn(rows: int, most: int, seed: int, stream: int) -> IntArray:
    """`most` of the row numbers below `rows`, or all, ascending."""
    if most >= rows:
        return np.arange(rows)
    return np.sort(np.random.default_rng([seed, stream]).choice(rows, most, replace=False))


def _shared_values(collection: Collection) -> list[str]:
    """Texts that two documents or more have as an attribute's value: names of kinds, rather than of single things."""
    counts: Counter[str] = Counter()
    with collection.database.read() as connection:
        for _, rows in items.attributes_after(connection, collection.info.id, 0):
            for attributes in rows:
                counts.update({text for value in attributes.values() for text in _words(value)})
    return sorted(text for text, count in counts.items() if count > 1)


def _words(value: AttributeValue) -> Iterator[str]:
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and text.strip():
            yield text
