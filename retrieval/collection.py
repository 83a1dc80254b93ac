"""The facade: one collection, opened; add to it, search it, delete from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from types import TracebackType

from retrieval.changing import ChangeableCollection
from retrieval.compactor import Compactor
from retrieval.errors import EncoderMismatchError, InputError, ModelError, RetrievalError
from retrieval.facets import Facet
from retrieval.index.generation import GenerationView
from retrieval.metadata.collections import CollectionInfo
from retrieval.metadata.database import Database
from retrieval.metadata.scans import counts
from retrieval.originals import Originals
from retrieval.protocols import Encoder
from retrieval.search.asking import Asking
from retrieval.search.catalogue import Catalogue
from retrieval.search.engine import SearchEngine
from retrieval.search.options import FacetOptions, SearchOptions
from retrieval.search.prompts import Prompts, attribute_prompts
from retrieval.search.query import Document, Weighted
from retrieval.search.terms import ImageInput, terms_of
from retrieval.settings import IndexDevice
from retrieval.types import (
    CaptionHit,
    FloatArray,
    Hit,
    Item,
    Mode,
    SearchResult,
)
from retrieval.writer import CollectionWriter

EXAMPLES = 5
"""Values of each attribute where all are listed."""


class Collection(ChangeableCollection):
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
        self.writer = CollectionWriter(database, info, folder, self.originals)
        self.compactor = Compactor(
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
        filter: str | None = None,  # noqa: A002
        ef_search: int | None = None,
        target_recall: float | None = None,
    ) -> tuple[CaptionHit, ...]:
        """The k captions of the catalogue that describe a picture, given as one or as its vector (dim,), best.

        With a `filter`, captions of the documents that it keeps. Raises as `search` does.
        """
        if not self.info.caption_vectors:
            raise InputError(f"collection {self.name!r} was indexed without caption vectors: index it again with them")
        query = self.embed_query(terms_of(image=image, vector=vector))
        return self.engine.captions(query, k=k, filter=filter, ef_search=ef_search, target_recall=target_recall)

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


__all__ = ["Collection", "Hit", "ImageInput"]
