"""A file of which parts can be asked for."""

from __future__ import annotations

from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from api.errors import ApiError


class RangedFile(FileResponse):
    """The framework's, but that a range which is none is an error in the shape of all others."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises `ApiError` before anything is sent."""

        async def checked(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                raise _no_range(self.headers["content-length"])
            await send(message)

        await super().__call__(scope, receive, checked)


def _no_range(size: str) -> ApiError:
    message = f"no range of a file of {size} bytes: ask for one as `Range: bytes=0-1023`, or for all of it"
    return ApiError(416, "invalid_range", message, headers={"Content-Range": f"bytes */{size}"})
