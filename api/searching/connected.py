"""Work that ends when the client goes, or its time is over."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import Request

from api.errors import ApiError
from api.searching.admission import SearchTooSlowError
from api.service import Service

T = TypeVar("T")


class ClientGoneError(ApiError):
    """Nobody reads the answer any more; the status is nginx's for this."""

    def __init__(self) -> None:
        super().__init__(499, "client_gone", "the client closed the connection before the answer was there")


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The work's result; it is cancelled where the client closes the connection first, or its time is over.

    To be called once the body is read, for whatever searches, counts, lists or shows pictures.

    Raises:
        OverloadedError: there are as many as may be; the work is not begun.
        SearchTooSlowError: its time is over.
        ClientGoneError: nobody reads the answer.
    """
    service: Service = request.app.state.service
    try:
        timeout_s = service.admission.check(request)
    except ApiError:
        work.close()  # it is never begun
        raise
    with service.admission.counted():
        return await _first_of(request, work, timeout_s)


async def _first_of(request: Request, work: Coroutine[Any, Any, T], timeout_s: float) -> T:
    working, gone = asyncio.create_task(work), asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait({working, gone}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientGoneError if gone.done() else SearchTooSlowError(timeout_s)
    finally:
        working.cancel()
        gone.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
