"""A bound on the size of request bodies."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import answer


class BodyTooLargeError(HTTPException):
    """Raised out of the reading of a body; being an `HTTPException` it passes through the framework's parsers."""

    def __init__(self, max_bytes: int) -> None:
        message = f"the body has more than {max_bytes:,} bytes, the most that this server takes"
        super().__init__(413, message)


class BodyLimit:
    """Refuses a body that says it is too large before reading it, and stops reading one that turns out to be.

    JSON is parsed in one go, which holds up the event loop and every other thread, and so less of it is taken than of
    forms. (The framework's own limit answers in plain text.)
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, max_json_bytes: int) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._max_json_bytes = max_json_bytes

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
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise BodyTooLargeError(most)
            return message

        await self._app(scope, counted, send)
