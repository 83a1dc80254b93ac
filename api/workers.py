"""Where work runs that would block the event loop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar, TypeVarTuple

from anyio import CapacityLimiter, to_thread

WRITERS = 4
"""Collections that are written to at a time."""

T = TypeVar("T")
Args = TypeVarTuple("Args")


class Workers:
    """Four lanes: several threads for decoding, searching and SQL; one for the encoder; one for loading models; a few
    for commits, which wait for one another and for other processes that write.

    The encoder has one thread of its own and keeps it: every thread that calls it would get a pool of native threads
    of its own, and these would fight for the cores. For the same reason a search runs on its thread alone. Loading is
    apart so that a model that takes long to load holds up neither searches with another nor the threads of the first
    lane.
    """

    def __init__(self, threads: int, *, encoder_threads: int) -> None:
        """`encoder_threads` are the native threads of one call of the encoder."""
        self._threads = ThreadPoolExecutor(threads, "worker", initializer=_search_alone)
        self._encoder = ThreadPoolExecutor(1, "encoder", initializer=_encode_with, initargs=(encoder_threads,))
        self._loader = CapacityLimiter(1)
        self._writers = ThreadPoolExecutor(WRITERS, "writer", initializer=_search_alone)

    async def run(self, work: Callable[[*Args], T], *args: *Args) -> T:
        """Decode, search or read the database. Cancelled before its turn, it is not done."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, copy_context().run, work, *args)

    async def load(self, work: Callable[[*Args], T], *args: *Args) -> T:
        """Load a model; one at a time."""
        return await to_thread.run_sync(work, *args, limiter=self._loader)

    async def encode(self, work: Callable[[*Args], T], *args: *Args) -> T:
        """Run an encoder; one call at a time, always on the same thread."""
        return await asyncio.get_running_loop().run_in_executor(self._encoder, work, *args)

    async def write(self, work: Callable[[*Args], T], *args: *Args) -> T:
        """Commit, or merge what was committed."""
        return await asyncio.get_running_loop().run_in_executor(self._writers, copy_context().run, work, *args)

    def close(self) -> None:
        """Finish what the threads are at, and nothing more."""
        self._encoder.shutdown(cancel_futures=True)
        self._threads.shutdown(cancel_futures=True)
        self._writers.shutdown(cancel_futures=True)


def _search_alone() -> None:
    from retrieval.index.faiss_wheel import faiss

    faiss.omp_set_num_threads(1)  # of this thread: OpenMP counts for each by itself


def _encode_with(threads: int) -> None:
    if torch := sys.modules.get("torch"):  # some encoder brought it: this runs before the first call of one
        torch.set_num_threads(threads)
