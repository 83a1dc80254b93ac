"""How many requests one client may make, by the sliding window of the `limits` library, in this process's memory."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from api.errors import ApiError

RATE_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


class Rates:
    """Counts requests by client. `rate` is such as `600/minute`."""

    def __init__(self, rate: str) -> None:
        self._rate = parse(rate)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def take(self, client: str) -> Mapping[str, str]:
        """Count one request; the headers that tell the client what is left. `ApiError` 429 where nothing is."""
        granted = self._limiter.hit(self._rate, client)
        left = self._limiter.get_window_stats(self._rate, client)
        wait = max(1, math.ceil(left.reset_time - time.time()))
        headers = dict(zip(RATE_HEADERS, map(str, (self._rate.amount, left.remaining, wait)), strict=True))
        if granted:
            return headers
        message = f"more requests than {self._rate.amount} per {self._rate.get_expiry()} s: wait {wait} s"
        raise ApiError(429, "too_many_requests", message, headers={**headers, "Retry-After": str(wait)})
