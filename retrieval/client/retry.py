"""When a call that failed is made again."""

from __future__ import annotations

import random
from dataclasses import dataclass

from retrieval.client.errors import ClientError, NoAnswerError, RateLimitError, UnavailableError


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how soon a call is repeated that has had no answer, 429 or 503, and that may be repeated.

    Attributes:
        attempts: calls in all, the first one included; 1 for no repetition.
        first_s: longest pause before the second attempt; it doubles with each one. The pause itself is drawn between
            0 and that ("full jitter", Brooker, AWS Architecture Blog, 2015), so that clients which failed together do
            not come back together. Where the server says `Retry-After`, it is waited for besides.
        longest_s: where doubling ends. A server that asks for a longer pause is not asked again.
    """

    attempts: int = 4
    first_s: float = 0.5
    longest_s: float = 30.0

    def pause_s(self, attempt: int, error: ClientError) -> float | None:
        """Seconds to wait after the attempt of this number, from 1, has failed; None where that was the last one."""
        if attempt >= self.attempts:
            return None
        match error:
            case RateLimitError() | UnavailableError():
                told = error.retry_after_s or 0.0
            case NoAnswerError():
                told = 0.0
            case _:
                return None
        if told > self.longest_s:
            return None
        drawn = random.uniform(0, min(self.first_s * 2 ** (attempt - 1), self.longest_s))
        return told + drawn
