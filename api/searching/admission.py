"""How many searches there may be at a time, and how long one may take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from api.batching import RETRY_SOON, OverloadedError
from api.errors import ApiError
from api.observing.metrics import Metrics

TIMEOUT_HEADER = "X-Timeout-Ms"


class SearchTooSlowError(ApiError):
    """The time for a search is over; what it still waited for is not done any more."""

    def __init__(self, timeout_s: float) -> None:
        message = f"given up after {timeout_s:g} s: try again in a moment, or give it more time"
        super().__init__(503, "timed_out", message, headers=RETRY_SOON)


class Admission:
    """Counts searches and pictures that are shown, those that wait for a thread or the encoder included.

    To be used from one event loop.
    """

    def __init__(self, *, most: int, timeout_s: float, metrics: Metrics) -> None:
        self._most = most
        self._timeout_s = timeout_s
        self._metrics = metrics
        self._admitted = 0

    def check(self, request: Request) -> float:
        """How many seconds a search may take. `OverloadedError` where it may not be begun at all."""
        timeout_s = self._timeout_of(request)
        if self._admitted >= self._most:
            self._metrics.refused("overloaded")
            raise OverloadedError
        return timeout_s

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count a search while it is at work or waits."""
        self._count(1)
        try:
            yield
        except SearchTooSlowError as error:
            self._metrics.refused(error.code)
            raise
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        self._admitted += more
        self._metrics.searching(more)

    def _timeout_of(self, request: Request) -> float:
        """The server's, or the shorter one that the request asks for."""
        given = request.headers.get(TIMEOUT_HEADER)
        if given is None:
            return self._timeout_s
        if not (given.isascii() and given.isdecimal() and len(given) < 10 and int(given)):
            raise ApiError(422, "invalid_request", f"{TIMEOUT_HEADER}: give milliseconds, 1 to 999,999,999")
        return min(int(given) / 1000, self._timeout_s)
