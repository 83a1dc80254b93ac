"""Work that ends when the client goes."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import Request

from api.errors import ApiError

T = TypeVar("T")


class ClientGoneError(ApiError):
    """Nobody reads the answer any more; the status is nginx's for this."""

    def __init__(self) -> None:
        super().__init__(499, "client_gone", "the client closed the connection before the answer was there")


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The work's result; where the client closes the connection first, the work is cancelled. The body is read."""
    working, gone = asyncio.create_task(work), asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientGoneError
    finally:
        working.cancel()
        gone.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
