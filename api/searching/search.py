"""clues -> terms -> query vector -> hits, each step in the lane it belongs to (see api/workers.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

from api.bounds import check_k, check_search
from api.encoding.queries import Encoded
from api.opened import Opened
from api.pictures.sent import pixels_of
from api.searching.again import again_if_gone
from api.searching.finding import Find, MovedError
from api.searching.query import Clue, Picture, Prepared
from api.service import Service
from retrieval.collection import Collection
from retrieval.errors import InputError
from retrieval.search.lexical import lexical_query
from retrieval.search.options import SearchOptions
from retrieval.search.query import Document, Text, Vector, Weighted
from retrieval.types import CaptionHit, FloatArray, SearchResult


@again_if_gone
async def search(
    service: Service, name: str, clues: Sequence[Clue], options: SearchOptions, *, bulk: bool = False
) -> SearchResult:
    """Search a collection; `bulk` lets other searches pass by.

    Raises what `Collection.search`, `QueryEncoder` and `Batcher.ask` do.
    """
    check_search(service.settings, options)
    encodes = options.mode != "lexical" and any(isinstance(clue.term, Text | Picture) for clue in clues)
    last = service.collections.last(name)
    if last and (last.encoder or not encodes):
        with suppress(MovedError):
            return await _search(service, name, last, clues, options, bulk=bulk)
    opened = await (service.opened_with_encoder(name) if encodes else service.opened(name))
    return await _search(service, None, opened, clues, options, bulk=bulk)


async def _search(
    service: Service, name: str | None, opened: Opened, clues: Sequence[Clue], options: SearchOptions, *, bulk: bool
) -> SearchResult:
    """Search what is opened; `MovedError` where the name, if one is given, leads elsewhere when its turn comes."""
    query = await _prepare(service, opened, clues, options, bulk=bulk)
    work, patience_s = Find(name, query.collection, options), service.settings.request_timeout_s
    found = await service.finders.ask(work, query, patience_s=patience_s, bulk=bulk)
    if not isinstance(found.answer, SearchResult):
        raise found.answer
    queue = query.timings.get("queue", 0.0) + found.queue_s
    result = replace(found.answer, timings={**query.timings, "queue": queue, **found.answer.timings})
    service.metrics.search(result.timings)
    return result


async def _prepare(
    service: Service, opened: Opened, clues: Sequence[Clue], options: SearchOptions, *, bulk: bool
) -> Prepared:
    """Decode and encode what has to be."""
    words = lexical_query(options.mode, [(clue.term, clue.weight) for clue in clues])
    if options.mode == "lexical":
        return Prepared(opened.collection, clues, None, words, {})
    started = perf_counter()
    encoded = await asyncio.gather(*(_encoded(service, opened, clue.term, bulk=bulk) for clue in clues))
    queries = [query for query in encoded if query]
    timings = _timings(queries, perf_counter() - started) if queries else {}
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
    service: Service,
    name: str,
    picture: bytes,
    *,
    k: int,
    where: str | None,
    ef_search: int | None,
    target_recall: float | None,
) -> tuple[CaptionHit, ...]:
    """The captions of a collection that describe a picture best, of the documents that a filter keeps."""
    check_k(service.settings, k)
    opened = await service.opened_with_encoder(name)
    query = await _encoded_picture(service, opened, Picture(picture))
    find = partial(opened.collection.captions, k=k, filter=where, ef_search=ef_search, target_recall=target_recall)
    return await service.workers.run(partial(find, vector=query.encoded.answer))


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
    term = clue.term if query is None else Vector(query.encoded.answer)
    assert not isinstance(term, Text | Picture)  # noqa: S101  these have vectors
    return Weighted(term, clue.weight)
