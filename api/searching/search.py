"""clues -> terms -> query vector -> hits, each step in the lane it belongs to (see api/workers.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

from api.bounds import check_k, check_search
from api.encoding.batcher import Encoded
from api.opened import Opened
from api.pictures.sent import pixels_of
from api.searching.again import again_if_gone
from api.service import Service
from retrieval.certificate import Modality
from retrieval.collection import Collection
from retrieval.errors import InputError
from retrieval.metadata.lexical.query import LexicalQuery
from retrieval.search.cursor import fingerprint
from retrieval.search.lexical import lexical_query
from retrieval.search.options import SearchOptions
from retrieval.search.query import Document, Text, Vector, Weighted
from retrieval.search.ranking import Sought
from retrieval.types import CaptionHit, FloatArray, SearchResult


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that is still a file's bytes, or their base64 text."""

    data: bytes | str


@dataclass(frozen=True, slots=True)
class Clue:
    """A term of the query and how much it counts; its picture is not decoded yet."""

    term: Text | Picture | Document | Vector
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A query on its way: its `terms` need no encoder any more; None where words alone are searched for."""

    collection: Collection
    clues: Sequence[Clue]
    terms: Sequence[Weighted] | None
    words: LexicalQuery | None
    timings: Mapping[str, float]

    def sought(self) -> Sought:
        """What the engine searches for. Raises what `Collection.embed_query` does."""
        asked = _fingerprint(self.clues)
        if self.terms is None:
            return Sought(None, words=self.words, asked=asked)
        return Sought(self.collection.embed_query(self.terms), _modality(self.clues), self.words, asked)

    def with_times(self, result: SearchResult) -> SearchResult:
        """The result with the seconds that went before."""
        return replace(result, timings={**self.timings, **result.timings})


@again_if_gone
async def search(service: Service, name: str, clues: Sequence[Clue], options: SearchOptions) -> SearchResult:
    """Search a collection. Raises what `Collection.search` and `QueryEncoder` do."""
    prepared = await prepare(service, name, clues, options)
    result = prepared.with_times(await service.workers.run(_find, prepared, options))
    service.metrics.search(result.timings)
    return result


async def prepare(
    service: Service, name: str, clues: Sequence[Clue], options: SearchOptions, *, bulk: bool = False
) -> Prepared:
    """Decode and encode what has to be; `bulk` lets other searches pass by."""
    check_search(service.settings, options)
    words = lexical_query(options.mode, [(clue.term, clue.weight) for clue in clues])
    if options.mode == "lexical":
        return Prepared((await service.opened(name)).collection, clues, None, words, {})
    encodes = any(isinstance(clue.term, Text | Picture) for clue in clues)
    opened = await (service.opened_with_encoder(name) if encodes else service.opened(name))
    started = perf_counter()
    encoded = await asyncio.gather(*(_encoded(service, opened, clue.term, bulk=bulk) for clue in clues))
    timings = _timings([one for one in encoded if one], perf_counter() - started) if encodes else {}
    terms = [_term(clue, vector) for clue, vector in zip(clues, encoded, strict=True)]
    return Prepared(opened.collection, clues, terms, words, timings)


async def similar(service: Service, name: str, doc_id: str, options: SearchOptions) -> SearchResult:
    """Search for the like of a stored document, which is left out itself."""
    return await search(service, name, [Clue(Document(doc_id))], replace(options, without=doc_id))


async def embedded(service: Service, name: str, clue: Clue) -> tuple[Collection, FloatArray]:
    """A collection, and the vector to search it with, float32 (1, dim). Raises as `search` does."""
    encodes = isinstance(clue.term, Text | Picture)
    opened = await (service.opened_with_encoder(name) if encodes else service.opened(name))
    term = _term(clue, await _encoded(service, opened, clue.term))
    return opened.collection, opened.collection.embed_query([term])


@again_if_gone
async def captions(
    service: Service, name: str, picture: bytes, *, k: int, ef_search: int | None, target_recall: float | None
) -> tuple[CaptionHit, ...]:
    """The captions of a collection that describe a picture best."""
    check_k(service.settings, k)
    opened = await service.opened_with_encoder(name)
    query = await _encoded_picture(service, opened, Picture(picture))
    find = partial(opened.collection.captions, k=k, ef_search=ef_search, target_recall=target_recall)
    return await service.workers.run(partial(find, vector=query.encoded.vector))


@dataclass(frozen=True, slots=True)
class _Query:
    """A term's vector, and the seconds that its picture took to decode."""

    encoded: Encoded
    decode_s: float | None = None


async def _encoded(
    service: Service, opened: Opened, term: Text | Picture | Document | Vector, *, bulk: bool = False
) -> _Query | None:
    """The vector of a text or a picture; None for what needs no encoder."""
    match term:
        case Text(text):
            if not text.strip():
                raise InputError("the query text is empty: write what to look for")
            return _Query(await service.queries.text(opened.collection.encoder, text, bulk=bulk))
        case Picture():
            return await _encoded_picture(service, opened, term, bulk=bulk)
        case _:
            return None


async def _encoded_picture(service: Service, opened: Opened, picture: Picture, *, bulk: bool = False) -> _Query:
    encoder, started = opened.collection.encoder, perf_counter()
    pixels = await service.workers.run(pixels_of, picture.data, encoder, service.decode_limits)
    decode_s = perf_counter() - started
    return _Query(await service.queries.image(encoder, pixels, bulk=bulk), decode_s)


def _timings(queries: Sequence[_Query], seconds: float) -> Mapping[str, float]:
    """`seconds` until all terms had their vectors, as the longest decoding and the longest wait, and the rest."""
    decodes = [query.decode_s for query in queries if query.decode_s is not None]
    queue = max((query.encoded.queue_s for query in queries), default=0.0)
    encode = max(0.0, seconds - queue - max(decodes, default=0.0))
    return {**({"decode": max(decodes)} if decodes else {}), "queue": queue, "encode": encode}


def _term(clue: Clue, query: _Query | None) -> Weighted:
    term = clue.term if query is None else Vector(query.encoded.vector)
    assert not isinstance(term, Text | Picture)  # noqa: S101  these have vectors
    return Weighted(term, clue.weight)


def _fingerprint(clues: Sequence[Clue]) -> bytes:
    """As `retrieval.search.cursor.fingerprint`, of what is not decoded."""
    return fingerprint(
        (_file(clue.term) if isinstance(clue.term, Picture) else clue.term, clue.weight) for clue in clues
    )


def _file(picture: Picture) -> bytes:
    return picture.data.encode() if isinstance(picture.data, str) else picture.data


def _modality(clues: Sequence[Clue]) -> Modality | None:
    """As `retrieval.search.query.modality_of`, of what is not decoded."""
    if all(isinstance(clue.term, Text) for clue in clues):
        return "text"
    return "image" if all(isinstance(clue.term, Picture | Document) for clue in clues) else None


def _find(prepared: Prepared, options: SearchOptions) -> SearchResult:
    return prepared.collection.engine.search(prepared.sought(), options)
