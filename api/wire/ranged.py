"""A file of which parts can be asked for."""

from __future__ import annotations

import os

from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from api.errors import ApiError
from retrieval.errors import NotFoundError


class RangedFile(FileResponse):
    """The framework's, but that a range which is none, and a file which is gone, are errors in the shape of others."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises `ApiError` and `NotFoundError` before anything is sent."""
        start: Message | None = None

        async def send_when_open(message: Message) -> None:
            """Keep the head back until the first bytes were read: the framework would send it, then open the file."""
            nonlocal start
            if message["type"] == "http.response.start":
                if message["status"] >= 400:
                    raise _no_range(self.headers["content-length"])
                start = message
                return
            if start is not None:
                await send(start)
                start = None
            await send(message)

        try:
            self.stat_result = await run_in_threadpool(os.stat, self.path)
            self.set_stat_headers(self.stat_result)
            await super().__call__(scope, receive, send_when_open)
        except FileNotFoundError as error:
            raise NotFoundError("the file was deleted when it was to be sent") from error


def _no_range(size: str) -> ApiError:
    message = f"no range of a file of {size} bytes: ask for one as `Range: bytes=0-1023`, or for all of it"
    return ApiError(416, "invalid_range", message, headers={"Content-Range": f"bytes */{size}"})
