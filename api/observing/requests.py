"""Around every request: its id, its duration, its line in the log."""

from __future__ import annotations

import logging
from time import perf_counter

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.observing.logs import REQUEST_ID, request_id, request_id_from
from api.observing.metrics import Metrics

_log = logging.getLogger("api.access")


class Observed:
    """Gives each request an id, which the response repeats, and measures it."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, access_log: bool) -> None:
        self._app = app
        self._metrics = metrics
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        own_id = request_id_from(Headers(scope=scope).get(REQUEST_ID))
        request_id.set(own_id)  # never reset: an error that leaves here is answered further out, in the same task
        started, status = perf_counter(), 500

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = own_id
            await send(message)

        try:
            await self._app(scope, receive, observed)
        finally:
            seconds = perf_counter() - started
            self._metrics.request(getattr(scope.get("route"), "path", "none"), status, seconds)
            if self._access_log:
                _log.info("%s %s %d %.1f ms", scope["method"], scope["path"], status, 1000 * seconds)
