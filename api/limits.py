"""Bounds on the size of request bodies, and on the time that they take to arrive."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import answer


class BodyTooLargeError(HTTPException):
    """Raised out of the reading of a body; being an `HTTPException` it passes through the framework's parsers."""

    def __init__(self, max_bytes: int) -> None:
        message = f"the body has more than {max_bytes:,} bytes, the most that this server takes: send less at a time"
        super().__init__(413, message, headers={"Connection": "close"})


class BodyTooSlowError(HTTPException):
    """The same of a body that does not come."""

    def __init__(self, timeout_s: float) -> None:
        message = f"the body did not arrive within {timeout_s:g} s: send it again, or a smaller one"
        super().__init__(408, message, headers={"Connection": "close"})


class BodyLimit:
    """Refuses a body that says it is too large before reading it, and stops reading one that turns out to be, or that
    has not arrived in full `timeout_s` seconds after the request.

    JSON is parsed in one go, which holds up the event loop and every other thread, and so less of it is taken than of
    forms. (The framework's own limit answers in plain text.)
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, max_json_bytes: int, timeout_s: float) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._max_json_bytes = min(max_json_bytes, max_bytes)
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_form = headers.get("content-type", "").lower().startswith("multipart/")
        most, declared = self._max_bytes if is_form else self._max_json_bytes, headers.get("content-length", "0")
        if declared.isdecimal() and int(declared[:20]) > most:
            response = await answer(Request(scope), BodyTooLargeError(most))
            await response(scope, receive, send)
            return
        await self._app(scope, self._bounded(receive, most), send)

    def _bounded(self, receive: Receive, most: int) -> Receive:
        deadline = asyncio.get_running_loop().time() + self._timeout_s
        read, is_complete = 0, False

        async def bounded() -> Message:
            nonlocal read, is_complete
            try:
                async with asyncio.timeout_at(None if is_complete else deadline):  # then it waits for the client to go
                    message = await receive()
            except TimeoutError:
                raise BodyTooSlowError(self._timeout_s) from None
            read += len(message.get("body", b""))
            is_complete = not message.get("more_body", False)
            if read > most:
                raise BodyTooLargeError(most)
            return message

        return bounded
