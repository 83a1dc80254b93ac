"""A queue before work that is cheaper for many at once: what came together is done together, the most urgent first.

Nothing waits for company: what has gathered while one batch was done is the next one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

from api.errors import ApiError

MOST_TOGETHER = 32
BULK_AFTER_S = 1.0
"""Bulk work counts as if it had come so much later: interactive work passes it by, but never for longer."""
RETRY_SOON = {"Retry-After": "1"}

Work = TypeVar("Work")
Item = TypeVar("Item")
Answer = TypeVar("Answer")


class OverloadedError(ApiError):
    """The queue is full."""

    def __init__(self) -> None:
        message = "the server has more to do than it can: try again in a moment"
        super().__init__(503, "overloaded", message, headers=RETRY_SOON)


class TooLateError(ApiError):
    """Its deadline passed before its turn came."""

    def __init__(self, waited_s: float) -> None:
        message = f"given up after {waited_s:.1f} s in the queue: try again in a moment"
        super().__init__(503, "timed_out", message, headers=RETRY_SOON)


@dataclass(frozen=True, slots=True)
class Answered(Generic[Answer]):
    """What became of an item, and the seconds that it waited for its turn."""

    answer: Answer
    queue_s: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting(Generic[Work, Item, Answer]):
    work: Work
    item: Item
    since: float
    deadline: float
    urgency: float
    answered: asyncio.Future[Answered[Answer]]


class Batcher(Generic[Work, Item, Answer]):
    """A bounded queue and the tasks that empty it; to be used from one event loop.

    `run` does some work, off the event loop, for a batch of items and gives an answer for each. Items of equal work go
    together, up to 32 of them; up to `at_once` batches are under way at a time.
    """

    def __init__(
        self,
        run: Callable[[Work, Sequence[Item]], Awaitable[Sequence[Answer]]],
        *,
        most_waiting: int,
        at_once: int = 1,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._run = run
        self._most_waiting = most_waiting
        self._at_once = at_once
        self._clock = clock
        self._waiting: list[_Waiting[Work, Item, Answer]] = []
        self._working: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    async def ask(self, work: Work, item: Item, *, patience_s: float, bulk: bool = False) -> Answered[Answer]:
        """Wait for the item's turn, at most `patience_s` seconds, and for its answer. Cancelled, it leaves the queue.

        Raises:
            OverloadedError: too many are waiting already.
            TooLateError: its turn did not come in time; nothing was done for it.
        """
        if len(self._waiting) >= self._most_waiting:
            raise OverloadedError
        now = self._clock()
        answered: asyncio.Future[Answered[Answer]] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(work, item, now, now + patience_s, now + BULK_AFTER_S * bulk, answered)
        self._waiting.append(waiting)
        if len(self._working) < self._at_once:
            self._working.add(asyncio.create_task(self._work()))
        try:
            return await answered
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)

    async def _work(self) -> None:
        while batch := self._next_batch():
            started = self._clock()
            try:
                answers = await self._run(batch[0].work, [one.item for one in batch])
            except Exception as error:  # noqa: BLE001  it is for those who wait to handle
                for one in _still_waited_for(batch):
                    one.answered.set_exception(error)
            else:
                for one, answer in zip(batch, answers, strict=True):
                    if not one.answered.done():
                        one.answered.set_result(Answered(answer, started - one.since))
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  this is one
        self._working.discard(task)

    def _next_batch(self) -> list[_Waiting[Work, Item, Answer]]:
        """The most urgent one and those that go with it, taken from the queue; empty where nobody waits."""
        now = self._clock()
        waiting = sorted(_still_waited_for(self._waiting), key=lambda one: one.urgency)
        for late in waiting:
            if late.deadline < now:
                late.answered.set_exception(TooLateError(now - late.since))
        waiting = _still_waited_for(waiting)
        batch = [one for one in waiting if one.work == waiting[0].work][:MOST_TOGETHER]
        self._waiting = [one for one in waiting if one not in batch]
        return batch


def _still_waited_for(these: Sequence[_Waiting[Work, Item, Answer]]) -> list[_Waiting[Work, Item, Answer]]:
    return [one for one in these if not one.answered.done()]
