"""One queue before the encoder: what came together is encoded together, the most urgent first.

Nothing waits for company: what has gathered while one batch was encoded is the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeAlias

from api.errors import ApiError
from retrieval.types import FloatArray

MOST_TOGETHER = 32
BULK_AFTER_S = 1.0
"""Bulk work counts as if it had come so much later: interactive work passes it by, but never for longer."""
RETRY_SOON = {"Retry-After": "1"}

Encode: TypeAlias = Callable[[Sequence[Any]], FloatArray]
"""n items -> float32 (n, dim). Items of equal functions go together."""


class OverloadedError(ApiError):
    """The queue is full."""

    def __init__(self) -> None:
        message = "the server has more to encode than it can: try again in a moment"
        super().__init__(503, "overloaded", message, headers=RETRY_SOON)


class TooLateError(ApiError):
    """Its deadline passed before its turn came."""

    def __init__(self, waited_s: float) -> None:
        message = f"given up after {waited_s:.1f} s in the queue before the encoder: try again in a moment"
        super().__init__(503, "timed_out", message, headers=RETRY_SOON)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A vector of length 1, float32 (dim,), and the seconds that its item waited for its turn."""

    vector: FloatArray
    queue_s: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    encode: Encode
    item: object
    since: float
    deadline: float
    urgency: float
    answer: asyncio.Future[Encoded]


class Batcher:
    """A bounded queue and the task that empties it; to be used from one event loop.

    `run` has the work done off the event loop, one batch at a time.
    """

    def __init__(
        self,
        run: Callable[[Encode, Sequence[object]], Awaitable[FloatArray]],
        *,
        most_waiting: int,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._run = run
        self._most_waiting = most_waiting
        self._clock = clock
        self._waiting: list[_Waiting] = []
        self._working: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    async def encode(self, encode: Encode, item: object, *, patience_s: float, bulk: bool = False) -> Encoded:
        """Wait for the item's turn, at most `patience_s` seconds, and for its vector. Cancelled, it leaves the queue.

        Raises:
            OverloadedError: too many are waiting already.
            TooLateError: its turn did not come in time; it was not encoded.
        """
        if len(self._waiting) >= self._most_waiting:
            raise OverloadedError
        now = self._clock()
        answer: asyncio.Future[Encoded] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(encode, item, now, now + patience_s, now + BULK_AFTER_S * bulk, answer)
        self._waiting.append(waiting)
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        try:
            return await answer
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)

    async def _work(self) -> None:
        while batch := self._next_batch():
            started = self._clock()
            try:
                vectors = await self._run(batch[0].encode, [one.item for one in batch])
            except Exception as error:  # noqa: BLE001  it is for those who wait to handle
                for one in _still_waited_for(batch):
                    one.answer.set_exception(error)
            else:
                for one, vector in zip(batch, vectors, strict=True):
                    if not one.answer.done():
                        one.answer.set_result(Encoded(vector, started - one.since))
        self._working = None

    def _next_batch(self) -> list[_Waiting]:
        """The most urgent one and those that go with it, taken from the queue; empty where nobody waits."""
        now = self._clock()
        waiting = sorted(_still_waited_for(self._waiting), key=lambda one: one.urgency)
        for late in waiting:
            if late.deadline < now:
                late.answer.set_exception(TooLateError(now - late.since))
        waiting = _still_waited_for(waiting)
        batch = [one for one in waiting if one.encode == waiting[0].encode][:MOST_TOGETHER]
        self._waiting = [one for one in waiting if one not in batch]
        return batch


def _still_waited_for(these: Sequence[_Waiting]) -> list[_Waiting]:
    return [one for one in these if not one.answer.done()]
