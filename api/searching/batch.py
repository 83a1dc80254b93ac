"""Several searches of one request, each as if it were alone: what they share is done together all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from api.batching import MOST_TOGETHER
from api.errors import ApiError
from api.pictures.fetched import fetched
from api.searching.clues import clues_of
from api.searching.query import Clue, Picture
from api.searching.search import search
from api.service import Service
from api.wire.requests import SearchRequest
from retrieval.errors import RetrievalError
from retrieval.types import SearchResult

Answer = SearchResult | ApiError | RetrievalError


async def search_all(service: Service, name: str, searches: Sequence[SearchRequest]) -> list[Answer]:
    """The answer to each search, or what went wrong with it alone. `NotFoundError` for the collection itself."""
    await service.opened(name)  # one that is not there is wrong with all of them
    room = asyncio.Semaphore(MOST_TOGETHER)
    return await asyncio.gather(*(_answer(service, name, one, room) for one in searches))


async def _answer(service: Service, name: str, asked: SearchRequest, room: asyncio.Semaphore) -> Answer:
    async with room:
        try:
            clues = clues_of(asked)
            if asked.image_url is not None:
                clues.append(Clue(Picture(await fetched(service, asked.image_url))))
            return await search(service, name, clues, asked.options(), bulk=True)
        except (ApiError, RetrievalError) as error:
            return error
