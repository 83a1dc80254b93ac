"""Several searches of one request: encoded together, and those with equal options searched for together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from api.encoding.batcher import MOST_TOGETHER
from api.errors import ApiError
from api.pictures.fetched import fetched
from api.searching.again import again_if_gone
from api.searching.clues import clues_of
from api.searching.search import Clue, Picture, Prepared, prepare
from api.service import Service
from api.wire.requests import SearchRequest
from retrieval.errors import GoneError, RetrievalError
from retrieval.search.options import SearchOptions
from retrieval.search.ranking import Sought
from retrieval.types import SearchResult

Failure = ApiError | RetrievalError
Answer = SearchResult | Failure


@again_if_gone
async def search_all(service: Service, name: str, searches: Sequence[SearchRequest]) -> list[Answer]:
    """The answer to each search, or what went wrong with it alone. `NotFoundError` for the collection itself."""
    await service.opened(name)  # one that is not there is wrong with all of them
    room = asyncio.Semaphore(MOST_TOGETHER)
    options = [search.options() for search in searches]
    prepared = await asyncio.gather(
        *(_prepared(service, name, search, its, room) for search, its in zip(searches, options, strict=True))
    )
    groups: dict[SearchOptions, list[Prepared]] = {}
    for one, its in zip(prepared, options, strict=True):
        if isinstance(one, Prepared):
            groups.setdefault(its, []).append(one)
    found = await asyncio.gather(*(service.workers.run(_find_group, group, its) for its, group in groups.items()))
    of_group = dict(zip(groups, map(iter, found), strict=True))
    answers = [
        next(of_group[its]) if isinstance(one, Prepared) else one for one, its in zip(prepared, options, strict=True)
    ]
    for answer in answers:
        if isinstance(answer, SearchResult):
            service.metrics.search(answer.timings)
    return answers


async def _prepared(
    service: Service, name: str, search: SearchRequest, options: SearchOptions, room: asyncio.Semaphore
) -> Prepared | Failure:
    async with room:
        try:
            clues = clues_of(search)
            if search.image_url is not None:
                clues.append(Clue(Picture(await fetched(service, search.image_url))))
            return await prepare(service, name, clues, options, bulk=True)
        except GoneError:
            raise
        except (ApiError, RetrievalError) as error:
            return error


def _find_group(group: Sequence[Prepared], options: SearchOptions) -> list[Answer]:
    """Search for queries with the same options in one collection."""
    asked = [_sought(one) for one in group]
    try:
        found = iter(group[0].collection.engine.search_many([one for one in asked if isinstance(one, Sought)], options))
    except GoneError:
        raise
    except RetrievalError as error:  # of the options that all of them have
        return [error if isinstance(one, Sought) else one for one in asked]
    results = [next(found) if isinstance(one, Sought) else one for one in asked]
    return [
        its.with_times(one) if isinstance(one, SearchResult) else one for its, one in zip(group, results, strict=True)
    ]


def _sought(prepared: Prepared) -> Sought | RetrievalError:
    try:
        return prepared.sought()
    except GoneError:
        raise
    except RetrievalError as error:
        return error
