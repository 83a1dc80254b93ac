"""Where work runs that would block the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple

from anyio import CapacityLimiter, to_thread

T = TypeVar("T")
Args = TypeVarTuple("Args")


class Workers:
    """Three lanes: several threads for decoding, searching and SQL; one for the encoder; one for loading models.

    The encoder has one thread of its own and keeps it: every thread that calls it would get a pool of native threads
    of its own, and these would fight for the cores. Loading is apart so that a model that takes long to load holds up
    neither searches with another nor the threads of the first lane.
    """

    def __init__(self, threads: int) -> None:
        self._threads = CapacityLimiter(threads)
        self._loader = CapacityLimiter(1)
        self._encoder = ThreadPoolExecutor(1, thread_name_prefix="encoder")

    async def run(self, work: Callable[[*Args], T], *args: *Args) -> T:
        """Decode, search or read the database."""
        return await to_thread.run_sync(work, *args, limiter=self._threads)

    async def load(self, work: Callable[[*Args], T], *args: *Args) -> T:
        """Load a model; one at a time."""
        return await to_thread.run_sync(work, *args, limiter=self._loader)

    async def encode(self, work: Callable[[*Args], T], *args: *Args) -> T:
        """Run an encoder; one call at a time, always on the same thread."""
        return await asyncio.get_running_loop().run_in_executor(self._encoder, work, *args)

    def close(self) -> None:
        """Finish what the encoder is at and let its thread go."""
        self._encoder.shutdown(cancel_futures=True)
