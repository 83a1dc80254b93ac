"""clues -> terms -> query vector -> hits, each step in the lane it belongs to (see api/workers.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

from api.again import again_if_gone
from api.bounds import check_k, check_search
from api.encoding.batcher import Encoded
from api.opened import Opened
from api.pictures import pixels_of
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


@again_if_gone
async def search(service: Service, name: str, clues: Sequence[Clue], options: SearchOptions) -> SearchResult:
    """Search a collection. Raises what `Collection.search` and `QueryEncoder` do."""
    check_search(service.settings, options)
    words, asked = lexical_query(options.mode, [(clue.term, clue.weight) for clue in clues]), _fingerprint(clues)
    if options.mode == "lexical":
        collection = (await service.opened(name)).collection
        result = await service.workers.run(collection.engine.search, Sought(None, words=words, asked=asked), options)
        return _measured(service, result)
    encodes = any(isinstance(clue.term, Text | Picture) for clue in clues)
    opened = await (service.opened_with_encoder(name) if encodes else service.opened(name))
    started = perf_counter()
    encoded = await asyncio.gather(*(_encoded(service, opened, clue.term) for clue in clues))
    before = _timings([one for one in encoded if one], perf_counter() - started) if encodes else {}
    terms = [_term(clue, vector) for clue, vector in zip(clues, encoded, strict=True)]
    find = partial(_find, opened.collection, terms, options, modality=_modality(clues), words=words, asked=asked)
    result = await service.workers.run(find)
    return _measured(service, replace(result, timings={**before, **result.timings}))


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


async def _encoded(service: Service, opened: Opened, term: Text | Picture | Document | Vector) -> _Query | None:
    """The vector of a text or a picture; None for what needs no encoder."""
    match term:
        case Text(text):
            if not text.strip():
                raise InputError("the query text is empty: write what to look for")
            return _Query(await service.queries.text(opened.collection.encoder, text))
        case Picture():
            return await _encoded_picture(service, opened, term)
        case _:
            return None


async def _encoded_picture(service: Service, opened: Opened, picture: Picture) -> _Query:
    encoder, started = opened.collection.encoder, perf_counter()
    pixels = await service.workers.run(pixels_of, picture.data, encoder, service.decode_limits)
    decode_s = perf_counter() - started
    return _Query(await service.queries.image(encoder, pixels), decode_s)


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


def _find(
    collection: Collection,
    terms: Sequence[Weighted],
    options: SearchOptions,
    *,
    modality: Modality | None,
    words: LexicalQuery | None,
    asked: bytes,
) -> SearchResult:
    return collection.engine.search(Sought(collection.embed_query(terms), modality, words, asked), options)


def _measured(service: Service, result: SearchResult) -> SearchResult:
    service.metrics.search(result.timings)
    return result
