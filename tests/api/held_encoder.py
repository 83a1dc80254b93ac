"""Deterministic tests of what waits for the encoder: an encoder that works when it is let, and nothing that sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from api.batching import Batcher

MOST_WAITING = 40


class HeldEncoder:
    """A batcher whose encoder finishes a batch when it is told to, and whose clock the test turns."""

    def __init__(self) -> None:
        self.time = 0.0
        self.batches: list[list] = []
        self._turns = asyncio.Semaphore(0)
        self.batcher = Batcher(self._run, most_waiting=MOST_WAITING, clock=lambda: self.time)

    async def finish(self, batches: int) -> None:
        for _ in range(batches):
            self._turns.release()
            await settle()

    async def _run(self, encode, items):
        self.batches.append(items)
        await self._turns.acquire()
        return encode(items)


async def started(*work) -> list[asyncio.Task]:
    """Tasks that have come as far as they can by themselves."""
    tasks = [asyncio.create_task(one) for one in work]
    await settle()
    return tasks


async def settle() -> None:
    """Let every task run until it waits for the encoder."""
    for _ in range(10):
        await asyncio.sleep(0)


def in_a_loop(test: Callable[[HeldEncoder], Awaitable[None]]) -> Callable[[], None]:
    """An asynchronous test as a plain one, with a held encoder."""

    async def run() -> None:
        await test(HeldEncoder())

    return lambda: asyncio.run(run())
