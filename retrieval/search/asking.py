"""What users look for -> a query vector, or words -> results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np

from retrieval.errors import ImageError, InputError, NotFoundError, RetrievalError, VectorError
from retrieval.metadata.collections import CollectionInfo
from retrieval.protocols import Encoder
from retrieval.search.cursor import fingerprint
from retrieval.search.engine import SearchEngine
from retrieval.search.lexical import lexical_query
from retrieval.search.options import SearchOptions
from retrieval.search.query import Document, Image, Term, Text, Vector, Weighted, combine, modality_of
from retrieval.search.ranking import Sought
from retrieval.types import FloatArray, SearchResult
from retrieval.vectors import unit


class Asking:
    """Puts questions to the engine of a collection; `encoder` loads one when it is first needed."""

    def __init__(self, info: CollectionInfo, engine: SearchEngine, encoder: Callable[[], Encoder]) -> None:
        self._info = info
        self._engine = engine
        self._encoder = encoder

    def find(self, terms: Sequence[Weighted], options: SearchOptions) -> SearchResult:
        """Search for one query. Raises as `Collection.search` does."""
        encodes = options.mode != "lexical" and any(isinstance(weighted.term, Text | Image) for weighted in terms)
        if encodes:
            self._encoder()  # loaded now if it was not: that is no part of the query's time
        started = perf_counter()
        sought = self._sought(terms, options, {})
        encoded = perf_counter() - started
        result = self._engine.search(sought, options)
        return replace(result, timings={"encode": encoded, **result.timings}) if encodes else result

    def find_many(
        self, queries: Sequence[Sequence[Weighted]], options: SearchOptions
    ) -> list[SearchResult | RetrievalError]:
        """Search for several queries, in one state: texts are encoded together, vectors searched for in one call.

        What is wrong with one query alone, an empty text or a document that is not there, is in its place; it is
        raised what is wrong with the options.
        """
        texts = {weighted.term.text for terms in queries for weighted in terms if isinstance(weighted.term, Text)}
        known = self._embed_texts([text for text in texts if text.strip()]) if options.mode != "lexical" else {}
        asked = [self._sought_or_error(terms, options, known) for terms in queries]
        found = iter(self._engine.search_many([one for one in asked if isinstance(one, Sought)], options))
        return [next(found) if isinstance(one, Sought) else one for one in asked]

    def embed(self, terms: Sequence[Weighted]) -> FloatArray:
        """The vector to search with, float32 (1, dim), of length 1."""
        if not terms:
            raise InputError("nothing to search for: give a text, an image, a doc_id or a vector")
        vectors = np.concatenate([self._embed_term(weighted.term) for weighted in terms])
        return combine(vectors, np.array([weighted.weight for weighted in terms], np.float32))

    def _sought_or_error(
        self, terms: Sequence[Weighted], options: SearchOptions, known: Mapping[str, FloatArray]
    ) -> Sought | RetrievalError:
        try:
            return self._sought(terms, options, known)
        except (InputError, NotFoundError, ImageError) as error:
            return error

    def _sought(self, terms: Sequence[Weighted], options: SearchOptions, known: Mapping[str, FloatArray]) -> Sought:
        """What to search for; `known` has vectors of texts, float32 (dim,)."""
        parts = [(weighted.term, weighted.weight) for weighted in terms]
        words, asked = lexical_query(options.mode, parts), fingerprint(parts)
        if options.mode == "lexical":
            return Sought(None, words=words, asked=asked)
        vector = self.embed([replace(weighted, term=_embedded(weighted.term, known)) for weighted in terms])
        return Sought(vector, modality_of(terms), words, asked)

    def _embed_texts(self, texts: Sequence[str]) -> dict[str, FloatArray]:
        return dict(zip(texts, self._encoder().encode_texts(texts), strict=True)) if texts else {}

    def _embed_term(self, term: Term) -> FloatArray:
        match term:
            case Text(text):
                if not text.strip():
                    raise InputError("the query text is empty: write what to look for")
                return self._encoder().encode_texts([text])
            case Image(image):
                encoder = self._encoder()
                return encoder.encode_images(encoder.preprocess(image)[None])
            case Document(doc_id):
                return self._engine.vectors([doc_id])
            case Vector(vector):
                if vector.shape != (self._info.spec.dim,):
                    raise VectorError(f"a query vector of shape {vector.shape}: it must be ({self._info.spec.dim},)")
                return unit(vector[None])


def _embedded(term: Term, known: Mapping[str, FloatArray]) -> Term:
    return Vector(known[term.text]) if isinstance(term, Text) and term.text in known else term
