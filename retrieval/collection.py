"""The facade: one collection, opened; add to it, search it, delete from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from threading import Lock
from types import TracebackType

import numpy as np

from retrieval.embedding import decode_record, decode_records, embed_decoded, embeds_captions
from retrieval.errors import EncoderMismatchError, InputError, ModelError, RetrievalError
from retrieval.facets import Facet
from retrieval.index.generation import GenerationView
from retrieval.metadata.collections import CollectionInfo
from retrieval.metadata.database import Database
from retrieval.metadata.items import counts
from retrieval.metadata.ledger import LedgerEntry
from retrieval.originals import Originals, original_uri
from retrieval.patching import Patch, patched, settled
from retrieval.protocols import Encoder
from retrieval.records import check_record
from retrieval.search.asking import Asking
from retrieval.search.catalogue import Catalogue
from retrieval.search.engine import SearchEngine
from retrieval.search.options import FacetOptions, SearchOptions
from retrieval.search.prompts import Prompts, attribute_prompts
from retrieval.search.query import Document, Weighted
from retrieval.search.terms import ImageInput, terms_of
from retrieval.settings import IndexDevice
from retrieval.types import (
    AttributeValue,
    CaptionHit,
    CatalogRecord,
    FloatArray,
    Hit,
    Item,
    Mode,
    SearchResult,
)
from retrieval.vectors import unit
from retrieval.writer import CollectionWriter, EmbeddedItem, OnBuild, WriteBatch

ADD_BATCH = 256
EXAMPLES = 5
"""Values of each attribute where all are listed."""


@dataclass(frozen=True, slots=True)
class AddReport:
    """What `Collection.add` did: how many were indexed, and why others were not."""

    indexed: int
    rejected: tuple[LedgerEntry, ...]


class Collection:
    """A searchable catalogue of images. Safe to use from several threads.

    Opened by `retrieval.open_collection` or `Workspace.open`. The encoder is loaded when a call first needs it, so
    collections can be described, filtered and searched by stored documents without it.
    """

    def __init__(
        self,
        info: CollectionInfo,
        database: Database,
        folder: Path,
        load_encoder: Callable[[], Encoder],
        *,
        index_device: IndexDevice,
        index_memory: int | None,
    ) -> None:
        self.info = info
        self.folder = folder
        self.database = database
        self._load_encoder = load_encoder
        self._encoder: Encoder | None = None
        self._loading = Lock()
        self.engine = SearchEngine(database, info, folder)
        self.views = self.engine.views
        self._asking = Asking(info, self.engine, lambda: self.encoder)
        self.catalogue = Catalogue(self.engine, info)
        self.originals = Originals(folder.parent / "images")
        self.writer = CollectionWriter(
            database,
            info,
            folder,
            self.views,
            self._make_prompts,
            originals=self.originals,
            index_device=index_device,
            index_memory=index_memory,
        )

    @property
    def name(self) -> str:
        """The collection's name."""
        return self.info.name

    @property
    def encoder(self) -> Encoder:
        """The encoder whose vectors the collection holds, loaded on first use.

        Raises:
            ModelError: it cannot be loaded.
            EncoderMismatchError: what was loaded is not the encoder that the stored vectors come from.
        """
        with self._loading:  # threads that come meanwhile wait for the one that loads
            if self._encoder is None:
                encoder = self._load_encoder()
                check_same_encoder(self.info, encoder)
                self._encoder = encoder
            return self._encoder

    def __enter__(self) -> Collection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return self.counts()[0]

    def close(self) -> None:
        """Close the database connections."""
        self.database.close()

    def counts(self) -> tuple[int, int]:
        """How many documents and captions there are."""
        with self.database.read() as connection:
            return counts(connection, self.info.id)

    # ---------------------------------------------------------------- writing

    def add(self, records: Iterable[CatalogRecord]) -> AddReport:
        """Read, embed and store images; a document that is there already is replaced.

        An image that cannot be read or decoded is recorded with its reason and skipped. Each batch of 256 is durable
        and searchable once it is done; call `compact` after adding many. For bulk loads `retrieval index` overlaps
        reading, decoding and embedding.
        """
        indexed, rejected = 0, []
        stream = iter(records)
        while part := list(islice(stream, ADD_BATCH)):
            good, bad = decode_records({record.doc_id: record for record in part}.values(), self.encoder)
            items = embed_decoded(good, self.encoder, self.info)
            self.writer.commit(WriteBatch(items=items, ledger=[*(one.entry for one in good), *bad]))
            indexed += len(good)
            rejected += bad
        self.writer.fold()
        return AddReport(indexed, tuple(rejected))

    def add_vectors(
        self,
        doc_ids: Sequence[str],
        vectors: FloatArray,
        *,
        captions: Sequence[Sequence[str]] | None = None,
        attributes: Sequence[Mapping[str, AttributeValue]] | None = None,
    ) -> None:
        """Store image vectors that were made elsewhere by this collection's encoder.

        `vectors` is float (n, dim) of any length but zero; captions get no vectors of their own.
        """
        if len(vectors) != len(doc_ids) or (captions and len(captions) != len(doc_ids)):
            raise InputError(f"{len(doc_ids)} doc_ids, but {len(vectors)} vectors")
        if len(set(doc_ids)) != len(doc_ids):
            raise InputError("a doc_id is given twice: each names one document")
        none = np.empty((0, self.info.spec.dim), np.float32)
        batch = []
        for row, (doc_id, vector) in enumerate(zip(doc_ids, unit(vectors), strict=True)):
            record = CatalogRecord(
                doc_id,
                "",
                tuple(captions[row]) if captions else (),
                attributes[row] if attributes else {},
            )
            batch.append(EmbeddedItem(check_record(record), vector, none))
        self.writer.commit(WriteBatch(items=batch))

    def delete(self, doc_ids: Sequence[str]) -> int:
        """Delete documents; no later search returns them. Returns how many were there."""
        return len(self.writer.commit(WriteBatch(deletes=doc_ids))) if doc_ids else 0

    def put(
        self,
        doc_id: str,
        image: bytes,
        *,
        captions: Sequence[str] = (),
        attributes: Mapping[str, AttributeValue] | None = None,
    ) -> None:
        """Store a document with its picture, the bytes of an image file, which is kept; one that is there is replaced.

        Raises:
            ImageError: the picture cannot be decoded.
            RecordError: the id, a caption or an attribute cannot be stored.
        """
        record = CatalogRecord(doc_id, original_uri(image), tuple(captions), attributes or {})
        decoded = decode_record(check_record(record), image, self.encoder)
        items = embed_decoded([decoded], self.encoder, self.info)
        self.writer.commit(WriteBatch(items=items, ledger=[decoded.entry], pictures=[image]))
        self.writer.fold()

    def update(
        self,
        doc_id: str,
        *,
        attributes: Mapping[str, AttributeValue] | None = None,
        captions: Sequence[str] | None = None,
    ) -> None:
        """Change what is said of a document; its picture stays, and is not embedded again.

        `attributes` are set one by one, and those that are None removed; `captions` replace all that there are.

        Raises:
            NotFoundError: there is no such document.
            ConflictError: others change it all the time.
            RecordError: a caption or an attribute cannot be stored.
        """
        patch = Patch(attributes or {}, None if captions is None else tuple(captions))

        def change() -> None:
            stored = self.catalogue.stored(doc_id)
            record = patch.applied_to(stored.item)
            same = record.captions == stored.item.captions
            self.writer.commit(patched(stored, record, stored.captions if same else self._embed(record.captions)))

        settled(change)
        self.writer.fold()

    def delete_matching(self, filter: str) -> int:  # noqa: A002
        """Delete the documents that a filter keeps, all at once; returns how many. `FilterError` for a wrong one."""

        def change() -> int:
            found = self.catalogue.matching(filter)
            return len(self.writer.commit(WriteBatch(deletes=list(found), expected=found))) if found else 0

        return settled(change)

    def compact(self, *, exact_rows: int | None = None, on_build: OnBuild | None = None) -> int:
        """Link new vectors into a graph where they are more than `exact_rows`, and drop deleted ones; any time."""
        return self.writer.compact(exact_rows=exact_rows, on_build=on_build)

    # --------------------------------------------------------------- searching

    def search(
        self,
        text: str | None = None,
        *,
        image: ImageInput | None = None,
        doc_id: str | None = None,
        vector: FloatArray | None = None,
        terms: Sequence[Weighted] = (),
        k: int = 10,
        filter: str | None = None,  # noqa: A002  the word that users write
        min_score: float | None = None,
        diversity: float = 0.0,
        group_by: str | None = None,
        ef_search: int | None = None,
        target_recall: float | None = None,
        exact: bool = False,
        mode: Mode = "vector",
        lexical_weight: float = 1.0,
        facets: Sequence[str] = (),
        cursor: str | None = None,
    ) -> SearchResult:
        """The k images that fit best, best first.

        Give a text, an image (path, bytes or decoded), a stored doc_id or a vector (dim,), or several: they are mixed
        with equal weight. `terms` mixes any number with weights of their own, negative ones included. How to search is
        told in `SearchOptions`, and with examples in docs/search.md.

        Raises:
            InputError: nothing to look for, an empty text, an option out of its range, a filter that does not parse.
            NotFoundError: no such document.
        """
        options = SearchOptions(
            k=k,
            ef_search=ef_search,
            target_recall=target_recall,
            exact=exact,
            filter=filter,
            min_score=min_score,
            diversity=diversity,
            group_by=group_by,
            mode=mode,
            lexical_weight=lexical_weight,
            facets=FacetOptions(tuple(facets)),
            cursor=cursor,
        )
        return self.find([*terms_of(text, image=image, doc_id=doc_id, vector=vector), *terms], options)

    def similar(
        self,
        doc_id: str,
        *,
        k: int = 10,
        filter: str | None = None,  # noqa: A002
        min_score: float | None = None,
        diversity: float = 0.0,
        group_by: str | None = None,
        ef_search: int | None = None,
        target_recall: float | None = None,
        exact: bool = False,
        facets: Sequence[str] = (),
        cursor: str | None = None,
    ) -> SearchResult:
        """The k images most like a stored one, which is left out itself."""
        options = SearchOptions(
            k=k,
            ef_search=ef_search,
            target_recall=target_recall,
            exact=exact,
            filter=filter,
            min_score=min_score,
            diversity=diversity,
            group_by=group_by,
            without=doc_id,
            facets=FacetOptions(tuple(facets)),
            cursor=cursor,
        )
        return self.find([Weighted(Document(doc_id))], options)

    def find(self, terms: Sequence[Weighted], options: SearchOptions) -> SearchResult:
        """The same as `search`, for a query and options that are put together already."""
        return self._asking.find(terms, options)

    def search_many(
        self, queries: Sequence[Sequence[Weighted]], options: SearchOptions
    ) -> list[SearchResult | RetrievalError]:
        """Several queries with the same options; see `Asking.find_many`."""
        return self._asking.find_many(queries, options)

    def captions(
        self,
        image: ImageInput | None = None,
        *,
        vector: FloatArray | None = None,
        k: int = 10,
        ef_search: int | None = None,
        target_recall: float | None = None,
    ) -> tuple[CaptionHit, ...]:
        """The k captions of the catalogue that describe a picture, given as one or as its vector (dim,), best."""
        if not self.info.caption_vectors:
            raise InputError(f"collection {self.name!r} was indexed without caption vectors: index it again with them")
        query = self.embed_query(terms_of(image=image, vector=vector))
        return self.engine.captions(query, k=k, ef_search=ef_search, target_recall=target_recall)

    def facets(
        self,
        attributes: Sequence[str] | None = None,
        *,
        filter: str | None = None,  # noqa: A002
        values: int = 10,
    ) -> tuple[Facet, ...]:
        """What the documents that a filter keeps have for some attributes, or all, with the most frequent `values`.

        What the filter says of an attribute alone is left aside for its own facet, so that the other values can be
        chosen as well (docs/search.md).

        Raises:
            FilterError: the filter does not parse, or does not fit the collection.
            InputError: an attribute that no document has.
        """
        options = FacetOptions(None if attributes is None else tuple(attributes), values)
        return self.engine.reading(lambda at: self.engine.facets.count(at, self.views.at(at), filter, options))

    def attributes(self) -> tuple[Facet, ...]:
        """Every attribute that some document has, in alphabetical order, with five of its most frequent values."""
        return self.facets(values=EXAMPLES)

    def vectors(self, doc_ids: Sequence[str]) -> FloatArray:
        """The stored image vectors of documents, float32 (n, dim), in the order asked for."""
        return self.engine.vectors(doc_ids)

    def get(self, doc_id: str) -> Item:
        """One document as stored, with the place of its picture; `NotFoundError` if it is not there."""
        return self._located(self.engine.item(doc_id))

    def items(self, *, filter: str | None = None, after: str = "") -> Iterator[Item]:  # noqa: A002
        """The documents that a filter keeps, in the order of their ids, from the one after `after` on.

        They are read a thousand at a time, so that changes which are made meanwhile may be met; no document comes
        twice, and none is left out that is there all the time.
        """
        while page := self.catalogue.page(after=after, filter=filter):
            yield from map(self._located, page)
            after = page[-1].doc_id

    def embed_query(self, terms: Sequence[Weighted]) -> FloatArray:
        """The vector to search with, float32 (1, dim), of length 1."""
        return self._asking.embed(terms)

    def _located(self, item: Item) -> Item:
        return replace(item, image_uri=self.originals.locate(item.image_uri))

    def _embed(self, texts: Sequence[str]) -> FloatArray:
        if not texts or not embeds_captions(self.info):
            return np.empty((0, self.info.spec.dim), np.float32)
        return self.encoder.encode_texts(texts)

    def _make_prompts(self, view: GenerationView) -> Prompts | None:
        """Attribute values as queries; None where there are none, and where texts cannot be embedded."""
        with self.database.read() as connection:
            texts = attribute_prompts(connection, self.info.id, view)
        if not texts:
            return None
        try:
            return Prompts.embedded(texts, self.encoder)
        except (ModelError, EncoderMismatchError):
            return None


def check_same_encoder(info: CollectionInfo, encoder: Encoder) -> None:
    """`EncoderMismatchError` unless this encoder made the collection's vectors."""
    if encoder.spec.encoder_id != info.spec.encoder_id:
        raise EncoderMismatchError(
            f"collection {info.name!r} holds vectors of {info.spec}, and this encoder is {encoder.spec}: "
            "give the model it was indexed with, or index into a new collection"
        )


__all__ = ["AddReport", "Collection", "Hit", "ImageInput"]
