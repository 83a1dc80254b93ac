"""clues -> terms -> query vector -> hits, each step in the lane it belongs to (see api/workers.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

from api.opened import Opened
from api.pictures import image_term
from api.service import Service
from retrieval.errors import InputError
from retrieval.search.options import SearchOptions
from retrieval.search.query import Document, Text, Vector, Weighted, modality_of
from retrieval.types import CaptionHit, SearchResult


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that is still a file's bytes, or their base64 text."""

    data: bytes | str


@dataclass(frozen=True, slots=True)
class Clue:
    """A term of the query and how much it counts; its picture is not decoded yet."""

    term: Text | Picture | Document | Vector
    weight: float = 1.0


async def search(service: Service, name: str, clues: Sequence[Clue], options: SearchOptions) -> SearchResult:
    """Search a collection. Raises what `Collection.search` does."""
    _check_k(service, options.k)
    if any(isinstance(clue.term, Text | Picture) for clue in clues):
        return await _search_encoded(service, await service.opened_with_encoder(name), clues, options)
    opened = await service.opened(name)
    terms = [_to_term(clue, opened, service) for clue in clues]
    return await service.workers.run(opened.collection.find, terms, options)


async def similar(service: Service, name: str, doc_id: str, options: SearchOptions) -> SearchResult:
    """Search for the like of a stored document, which is left out itself."""
    _check_k(service, options.k)
    opened = await service.opened(name)
    without_itself = replace(options, without=doc_id)
    return await service.workers.run(opened.collection.find, [Weighted(Document(doc_id))], without_itself)


async def captions(
    service: Service, name: str, picture: bytes, *, k: int, ef_search: int | None, target_recall: float | None
) -> tuple[CaptionHit, ...]:
    """The captions of a collection that describe a picture best."""
    _check_k(service, k)
    opened = await service.opened_with_encoder(name)
    image = await service.workers.run(image_term, picture, opened.collection.encoder, service.decode_limits)
    query = await service.workers.encode(opened.collection.embed_query, [Weighted(image)])
    find = partial(opened.collection.captions, k=k, ef_search=ef_search, target_recall=target_recall)
    return await service.workers.run(partial(find, vector=query[0]))


async def _search_encoded(
    service: Service, opened: Opened, clues: Sequence[Clue], options: SearchOptions
) -> SearchResult:
    timings, started = {}, perf_counter()
    if any(isinstance(clue.term, Picture) for clue in clues):
        terms = await service.workers.run(lambda: [_to_term(clue, opened, service) for clue in clues])
        timings["decode"] = perf_counter() - started
    else:
        terms = [_to_term(clue, opened, service) for clue in clues]
    started = perf_counter()
    query = await service.workers.encode(opened.collection.embed_query, terms)
    encode = perf_counter() - started
    result = await service.workers.run(
        partial(opened.collection.engine.search, query, options, modality=modality_of(terms))
    )
    return replace(result, timings={**timings, "encode": encode, **result.timings})


def _to_term(clue: Clue, opened: Opened, service: Service) -> Weighted:
    match clue.term:
        case Picture(data):
            return Weighted(image_term(data, opened.collection.encoder, service.decode_limits), clue.weight)
        case term:
            return Weighted(term, clue.weight)


def _check_k(service: Service, k: int) -> None:
    if k > service.settings.max_k:
        raise InputError(f"k is {k}: this server gives at most {service.settings.max_k:,} hits")
