"""The encoder without rounding: documents and queries embedded again in fp32, to tell what the precision costs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from retrieval.collection import Collection
from retrieval.encoders.registry import load_model
from retrieval.errors import ConflictError, EncoderMismatchError, ExternalVectorsError, ImageError
from retrieval.evaluators.queries import SearchQuery, embed_queries
from retrieval.evaluators.subject import OnProgress, silent
from retrieval.images.decode import decode
from retrieval.images.read import read_image
from retrieval.metadata import items, ledger, scans
from retrieval.protocols import Encoder
from retrieval.types import FloatArray, KeyArray, PixelArray

PRECISION = "fp32"
BATCH = 256


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What the encoder says without rounding, of every document and of the queries.

    `documents` float32 (nd, dim) are those of `keys`, int64 (nd,) ascending, all that are live; `queries` (nq, dim) are
    the queries of `eval run`, or the captions of `eval captions`. For `stored` documents the picture could not be had
    any more, and the collection's own vector stands for it: on them no precision is lost.
    """

    keys: KeyArray
    documents: FloatArray
    queries: FloatArray
    stored: int = 0

    def check_fits(self, keys: KeyArray) -> None:
        """`ConflictError` unless these, int64 (nd,) ascending, are still the collection's documents."""
        if not np.array_equal(self.keys, keys):
            raise ConflictError("the collection changed while it was embedded again: evaluate it once more")

    @property
    def warnings(self) -> list[str]:
        """What is odd about it, for people."""
        if not self.stored:
            return []
        cause = "cannot be read, or are not what was indexed"
        return [f"{self.stored:,} pictures {cause}: their stored vectors stand for them in {PRECISION}"]


def load_reference_encoder(collection: Collection, *, device: str | None = None) -> Encoder | None:
    """The collection's encoder in fp32; None where it runs in fp32 anyway, so that there is nothing to tell apart.

    Raises:
        ModelError: it cannot be loaded.
        ExternalVectorsError: the vectors were made elsewhere.
        EncoderMismatchError: what was loaded has other weights than the stored vectors come from.
    """
    info = collection.info
    if info.spec.is_external:
        raise ExternalVectorsError(info.name, info.spec.model, "they cannot be embedded again in fp32")
    if info.spec.precision == PRECISION:
        return None
    encoder = load_model(info.model, precision=PRECISION, device=device)
    if replace(encoder.spec, precision=info.spec.precision).encoder_id != info.spec.encoder_id:
        raise EncoderMismatchError(f"the model in fp32 is {encoder.spec}, and not that of {info.name!r}, {info.spec}")
    return encoder


def reference_captions(
    collection: Collection, encoder: Encoder, captions: Sequence[str], *, on_progress: OnProgress = silent
) -> Reference:
    """Every document of a collection and these captions, embedded by `encoder`."""
    keys, _, documents, stored = _documents(collection, encoder, on_progress)
    vectors = np.empty((len(captions), encoder.spec.dim), np.float32)
    for start in range(0, len(captions), BATCH):
        vectors[start : start + BATCH] = encoder.encode_texts(captions[start : start + BATCH])
        on_progress(f"texts in {PRECISION}", min(start + BATCH, len(captions)), len(captions))
    return Reference(keys, documents, vectors, stored)


def reference_queries(
    collection: Collection, encoder: Encoder, queries: Sequence[SearchQuery], *, on_progress: OnProgress = silent
) -> Reference:
    """Every document of a collection and these queries, embedded by `encoder`. Raises as `embed_queries` does."""
    keys, doc_ids, documents, stored = _documents(collection, encoder, on_progress)
    rows = {doc_id: row for row, doc_id in enumerate(doc_ids)}
    vectors = embed_queries(
        collection, queries, encoder=encoder, stored=lambda asked: documents[[rows[doc_id] for doc_id in asked]]
    )
    return Reference(keys, documents, vectors, stored)


def _documents(
    collection: Collection, encoder: Encoder, on_progress: OnProgress
) -> tuple[KeyArray, list[str], FloatArray, int]:
    """Keys, doc_ids and vectors of all live documents, and how many of the vectors are the stored ones."""
    with collection.database.read() as connection:
        keys, doc_ids = scans.live_documents(connection, collection.info.id)
        vectors = collection.views.at(connection).vectors(keys)
    again = 0
    for start in range(0, len(keys), BATCH):
        pictures = _pictures(collection, encoder, keys[start : start + BATCH])
        if pictures:
            vectors[[start + row for row in pictures]] = encoder.encode_images(np.stack(list(pictures.values())))
        again += len(pictures)
        on_progress(f"images in {PRECISION}", min(start + BATCH, len(keys)), len(keys))
    return keys, doc_ids, vectors, len(keys) - again


def _pictures(collection: Collection, encoder: Encoder, keys: KeyArray) -> dict[int, PixelArray]:
    """The preprocessed pictures of those keys whose picture is still the one that was indexed, by their place."""
    with collection.database.read() as connection:
        found = items.by_keys(connection, collection.info.id, keys.tolist())
        entries = ledger.entries(connection, collection.info.id, [item.doc_id for item in found.values()])
    pictures = {}
    for row, key in enumerate(keys.tolist()):
        entry = entries.get(found[key].doc_id) if key in found else None
        try:
            data = read_image(collection.originals.locate(found[key].image_uri)) if entry else b""
            if entry and hashlib.sha256(data).hexdigest() == entry.content_sha256:
                pictures[row] = encoder.preprocess(decode(data, at_least=encoder.image_size))
        except ImageError:
            continue
    return pictures
